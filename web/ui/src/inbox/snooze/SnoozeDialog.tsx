import { Button, Modal, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { fullTime } from '../../lib/format'
import { parseTime } from './times'
import s from './snooze.module.css'

interface SnoozeDialogProps {
  onTime: (time: Date) => void
  onClose: () => void
}

/** A time in one's own words. */
export default function SnoozeDialog({ onTime, onClose }: SnoozeDialogProps) {
  const [text, setText] = useState('')
  const time = parseTime(text, new Date())

  function submit(event: FormEvent) {
    event.preventDefault()
    if (time) onTime(time)
  }

  return (
    <Modal opened onClose={onClose} title="Snooze until" size="sm">
      <form className={s.typed} onSubmit={submit}>
        <TextInput
          label="When should it come back?"
          placeholder="friday 9am, in 2 hours, 24 dec"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          data-autofocus
        />
        <p role="status">{time ? fullTime(time.toISOString()) : text ? 'This is not a time to come.' : ''}</p>
        <Button type="submit" disabled={!time} fullWidth>
          Snooze
        </Button>
      </form>
    </Modal>
  )
}
