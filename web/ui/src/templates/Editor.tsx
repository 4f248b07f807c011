import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { messageOf } from '../lib/api'
import { useCan } from '../lib/session'
import { Problem } from '../settings/parts/ConfirmDialog'
import { IconTrash } from '../ui/icons'
import { Skeleton } from '../ui/Skeleton'
import { Head } from './TemplateDetail'
import s from './templates.module.css'

interface EditorProps {
  label: string
  title: string
  /** Whether the server has it already. */
  kept: boolean
  busy: boolean
  refusal: unknown
  onSave: () => void
  onRemove: () => void
  /** What stands beside the form, and how that is called. */
  aside: ReactNode
  asideLabel: string
  children: ReactNode
}

/** A form of the library of templates with its head, and beside it what comes of it. Who may not write reads it. */
export function Editor({ label, title, kept, busy, refusal, onSave, onRemove, aside, asideLabel, children }: EditorProps) {
  const mayWrite = useCan('templates.manage')
  return (
    <article className={s.detail} aria-label={label}>
      <Head title={title}>
        {mayWrite && (
          <>
            <Button size="xs" variant="default" leftSection={<IconTrash size={15} />} onClick={onRemove}>
              {kept ? 'Delete' : 'Throw away'}
            </Button>
            <Button size="xs" loading={busy} onClick={onSave}>
              Save
            </Button>
          </>
        )}
      </Head>
      <Problem text={refusal ? messageOf(refusal) : ''} />
      <div className={s.editor}>
        <fieldset className={s.form} disabled={!mayWrite || busy}>
          {children}
        </fieldset>
        <aside className={s.preview} aria-label={asideLabel}>
          {aside}
        </aside>
      </div>
    </article>
  )
}

export function EditorWaits() {
  return (
    <div className={s.waiting} role="status" aria-label="Loading">
      <Skeleton width={320} height={36} />
      <Skeleton height={220} />
    </div>
  )
}
