import { Button } from '@mantine/core'
import { lazy, Suspense, useState } from 'react'
import { api } from '../lib/api'
import { shortDay } from '../lib/format'
import { queryClient } from '../lib/query'
import { useCan } from '../lib/session'
import { toastError } from '../lib/toast'
import type { Contact } from '../lib/types'
import { Badge } from '../ui/Badge'
import { IconDownload, IconTrash } from '../ui/icons'
import { contactQuery } from './contactQuery'
import s from './personal.module.css'

const EraseDialog = lazy(() => import('./EraseDialog'))
const HoldDialog = lazy(() => import('./HoldDialog'))

/** What a person may ask for: a copy of all that is known of them, and to be erased; and what stands against that. */
export function PersonalData({ contact }: { contact: Contact }) {
  const allowed = useCan('privacy.manage')
  const [open, setOpen] = useState<'erase' | 'hold' | null>(null)
  if (!allowed) return null

  async function release() {
    try {
      queryClient.setQueryData(contactQuery(contact.id).queryKey, await api.post<Contact>(`/contacts/${contact.id}/release`))
    } catch (error) {
      toastError('The hold was not lifted', error)
    }
  }

  return (
    <section aria-label="Personal data">
      <h2>Personal data</h2>
      {contact.hold && (
        <p className={s.hold}>
          <Badge tone="warn">Legal hold</Badge> {contact.hold.reason}
          <small>
            {contact.hold.by}, {shortDay(contact.hold.at)}
          </small>
        </p>
      )}
      <div className={s.actions}>
        <Button
          component="a"
          href={`/api/v1/contacts/${contact.id}/copy`}
          download
          variant="default"
          size="compact-sm"
          leftSection={<IconDownload size={14} />}
        >
          Copy of everything
        </Button>
        {contact.hold ? (
          <Button variant="default" size="compact-sm" onClick={() => void release()}>
            Lift the hold
          </Button>
        ) : (
          <Button variant="default" size="compact-sm" onClick={() => setOpen('hold')}>
            Legal hold…
          </Button>
        )}
        <Button variant="subtle" color="red" size="compact-sm" leftSection={<IconTrash size={14} />} onClick={() => setOpen('erase')}>
          Erase…
        </Button>
      </div>
      <Suspense fallback={null}>
        {open === 'erase' && <EraseDialog contact={contact} onClose={() => setOpen(null)} />}
        {open === 'hold' && <HoldDialog contact={contact} onClose={() => setOpen(null)} />}
      </Suspense>
    </section>
  )
}
