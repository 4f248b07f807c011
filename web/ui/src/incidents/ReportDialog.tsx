import { Button, TextInput, Textarea } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { ApiError, api, messageOf } from '../lib/api'
import type { Incident } from '../lib/types'
import { Problem } from '../settings/parts/ConfirmDialog'
import { Dialog } from '../settings/parts/Dialog'
import p from '../settings/parts/parts.module.css'
import { incidentChanged } from './incidents'

interface ReportDialogProps {
  conversationIds?: string[]
  onClose: () => void
  onMade?: (incident: Incident) => void
}

export function ReportDialog({ conversationIds = [], onClose, onMade }: ReportDialogProps) {
  const [key, setKey] = useState(() => crypto.randomUUID())
  const [title, setTitle] = useState('')
  const [statusText, setStatusText] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      const made = await api.post<Incident>('/incidents', { title: title.trim(), status_text: statusText, conversation_ids: conversationIds }, key)
      incidentChanged(made.id)
      onClose()
      onMade?.(made)
    } catch (reason) {
      if (reason instanceof ApiError) setKey(crypto.randomUUID())
      setError(reason)
      setBusy(false)
    }
  }

  return (
    <Dialog onClose={onClose} title="Report an incident" size={520}>
      <form className={p.dialog} onSubmit={(event) => void submit(event)}>
        <TextInput label="What is wrong" value={title} maxLength={200} onChange={(event) => setTitle(event.currentTarget.value)} data-autofocus />
        <Textarea
          label="How it stands"
          description="For colleagues who are asked about it"
          value={statusText}
          rows={3}
          maxLength={5000}
          onChange={(event) => setStatusText(event.currentTarget.value)}
        />
        <Problem text={error ? messageOf(error) : ''} />
        <div className={p.dialogFoot}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={!title.trim()}>
            Report
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
