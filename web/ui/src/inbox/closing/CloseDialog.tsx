import { Button, Modal, Select, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { close } from '../actions'
import { closingQuery, closingWith } from './closing'
import s from './closing.module.css'

/** Why it is closed: a reason of the workspace's, and a word of one's own. */
export default function CloseDialog({ conversationId }: { conversationId: string }) {
  const { data: settings } = useQuery(closingQuery)
  const [reason, setReason] = useState<string | null>(null)
  const [comment, setComment] = useState('')
  const required = settings?.ask_reason === 'required'
  const leave = () => closingWith.set(null)

  function submit(event: FormEvent) {
    event.preventDefault()
    if (required && !reason) return
    leave()
    close(conversationId, { reason_id: reason, comment })
  }

  return (
    <Modal opened onClose={leave} title="Close the conversation" size="sm">
      <form className={s.dialog} onSubmit={submit}>
        {settings?.reasons && settings.reasons.length > 0 && (
          <Select
            label="Reason"
            placeholder="Choose one"
            data={settings.reasons.map(({ id, name }) => ({ value: id ?? '', label: name }))}
            value={reason}
            onChange={setReason}
            withAsterisk={required}
            clearable={!required}
            data-autofocus
          />
        )}
        <Textarea
          label="Comment"
          description="For colleagues; the customer does not see it."
          value={comment}
          onChange={(event) => setComment(event.currentTarget.value)}
          maxLength={2000}
          minRows={3}
          autosize
        />
        <div className={s.foot}>
          <Button variant="default" onClick={leave}>
            Cancel
          </Button>
          <Button type="submit" disabled={required && !reason}>
            Close it
          </Button>
        </div>
      </form>
    </Modal>
  )
}
