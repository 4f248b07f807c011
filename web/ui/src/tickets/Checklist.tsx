import { ActionIcon, Checkbox, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import type { Ticket, TicketCheck } from '../lib/types'
import { IconX } from '../ui/icons'
import { changeTicket } from './tickets'
import s from './tickets.module.css'

export function Checklist({ ticket, mayEdit }: { ticket: Ticket; mayEdit: boolean }) {
  const [text, setText] = useState('')
  const { checklist } = ticket
  const done = checklist.filter((check) => check.done).length
  if (checklist.length === 0 && !mayEdit) return null

  function save(next: TicketCheck[]) {
    void changeTicket(ticket, { checklist: next })
  }

  function add(event: FormEvent) {
    event.preventDefault()
    if (!text.trim()) return
    save([...checklist, { id: crypto.randomUUID(), text: text.trim(), done: false }])
    setText('')
  }

  return (
    <section>
      <h2>
        Checklist
        {checklist.length > 0 && (
          <span>
            {done} of {checklist.length}
          </span>
        )}
      </h2>
      <ul className={s.checklist}>
        {checklist.map((check) => (
          <li key={check.id}>
            <Checkbox
              size="sm"
              label={check.text}
              checked={check.done}
              disabled={!mayEdit}
              onChange={() => save(checklist.map((each) => (each.id === check.id ? { ...each, done: !each.done } : each)))}
            />
            {mayEdit && (
              <ActionIcon size={26} aria-label={`Remove ${check.text}`} onClick={() => save(checklist.filter((each) => each.id !== check.id))}>
                <IconX size={14} />
              </ActionIcon>
            )}
          </li>
        ))}
      </ul>
      {mayEdit && (
        <form onSubmit={add}>
          <TextInput
            size="xs"
            aria-label="New step"
            placeholder="Add a step"
            maxLength={500}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        </form>
      )}
    </section>
  )
}
