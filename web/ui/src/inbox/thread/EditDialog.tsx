import { Button, Textarea } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { api, messageOf } from '../../lib/api'
import type { Entry } from '../../lib/types'
import { ConfirmDialog, Problem } from '../../settings/parts/ConfirmDialog'
import { Dialog } from '../../settings/parts/Dialog'
import { changing } from './menuState'
import { plainText } from './plainText'
import { applyEntries } from './threads'
import s from './thread.module.css'

/** Other words for a message that has gone, or taking it away: the customer sees it too. */
export default function EditDialog({ what, entry }: { what: 'edit' | 'delete'; entry: Entry }) {
  const close = () => changing.set(null)
  if (what === 'edit') return <Words entry={entry} onClose={close} />
  return (
    <ConfirmDialog
      title="Delete this message?"
      confirm="Delete for everybody"
      onConfirm={async () => show(await api.delete<Entry>(`/entries/${entry.id}`))}
      onClose={close}
    >
      It goes from the customer’s screen, too; they may have read it. Your colleagues see that something was deleted.
    </ConfirmDialog>
  )
}

function Words({ entry, onClose }: { entry: Entry; onClose: () => void }) {
  const before = plainText(entry)
  const [text, setText] = useState(before)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')

  async function save(event: FormEvent) {
    event.preventDefault()
    if (!text.trim()) return
    setBusy(true)
    setProblem('')
    try {
      show(await api.patch<Entry>(`/entries/${entry.id}`, { text: text.trim() }))
      onClose()
    } catch (error) {
      setProblem(messageOf(error))
      setBusy(false)
    }
  }

  return (
    <Dialog onClose={onClose} title="Edit the message" size={520}>
      <form className={s.edit} onSubmit={(event) => void save(event)}>
        <Textarea
          aria-label="Message"
          description="The customer sees the new words, marked as edited."
          value={text}
          autosize
          minRows={3}
          maxRows={14}
          onChange={(event) => setText(event.currentTarget.value)}
          data-autofocus
        />
        <Problem text={problem} />
        <div>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={!text.trim() || text.trim() === before}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function show(entry: Entry): void {
  applyEntries(entry.conversation_id, [entry])
}
