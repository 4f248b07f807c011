import { Button, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { api, messageOf } from '../lib/api'
import { queryClient } from '../lib/query'
import type { Contact } from '../lib/types'
import { Problem } from '../settings/parts/ConfirmDialog'
import { Dialog } from '../settings/parts/Dialog'
import { contactQuery } from './contactQuery'
import s from './personal.module.css'

/** Why nothing of a person may be deleted for the time being. */
export default function HoldDialog({ contact, onClose }: { contact: Contact; onClose: () => void }) {
  const [reason, setReason] = useState('')
  const [problem, setProblem] = useState('')

  async function submit(event: FormEvent) {
    event.preventDefault()
    try {
      queryClient.setQueryData(contactQuery(contact.id).queryKey, await api.post<Contact>(`/contacts/${contact.id}/hold`, { reason }))
      onClose()
    } catch (error) {
      setProblem(messageOf(error))
    }
  }

  return (
    <Dialog onClose={onClose} title={`Legal hold on ${contact.name}`} size={460}>
      <form className={s.form} onSubmit={(event) => void submit(event)}>
        <TextInput
          label="Why"
          description="Such as the number of a case. While it stands, nothing of them is erased or ends by itself."
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          maxLength={500}
          required
          data-autofocus
        />
        <Problem text={problem} />
        <div className={s.foot}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" disabled={!reason.trim()}>
            Put on hold
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
