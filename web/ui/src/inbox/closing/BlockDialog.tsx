import { Button, Modal, NativeSelect, Textarea } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { api } from '../../lib/api'
import { queryClient } from '../../lib/query'
import { toast, toastError } from '../../lib/toast'
import type { Conversation } from '../../lib/types'
import { blocking } from './closing'
import s from './closing.module.css'

export const REASONS = [
  { value: 'spam', label: 'Spam' },
  { value: 'abuse', label: 'Abuse' },
  { value: 'other', label: 'Something else' },
]

/** Keep a contact's messages out of every list. */
export default function BlockDialog({ conversation: { contact, contact_id: id } }: { conversation: Conversation }) {
  const [reason, setReason] = useState('spam')
  const [note, setNote] = useState('')
  const [busy, setBusy] = useState(false)
  const leave = () => blocking.set(null)

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    try {
      queryClient.setQueryData(['contact', id], await api.post(`/contacts/${id}/block`, { reason, note }))
      toast(`${contact.name} is blocked.`)
      leave()
    } catch (error) {
      toastError('Not blocked', error)
      setBusy(false)
    }
  }

  return (
    <Modal opened onClose={leave} title={`Block ${contact.name}?`} size="sm">
      <form className={s.dialog} onSubmit={(event) => void submit(event)}>
        <p>What they write is kept, but appears in no list and notifies nobody. The conversation is closed.</p>
        <NativeSelect label="Why" data={REASONS} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
        <Textarea label="Note" value={note} onChange={(event) => setNote(event.currentTarget.value)} maxLength={1000} />
        <div className={s.foot}>
          <Button variant="default" onClick={leave}>
            Cancel
          </Button>
          <Button type="submit" color="red" loading={busy}>
            Block
          </Button>
        </div>
      </form>
    </Modal>
  )
}
