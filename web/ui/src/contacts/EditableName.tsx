import { useState } from 'react'
import { useCan } from '../lib/session'
import type { Contact } from '../lib/types'
import { IconPencil } from '../ui/icons'
import { changeContact } from './contactQuery'
import s from './contacts.module.css'

export function EditableName({ contact }: { contact: Contact }) {
  const mayWrite = useCan('contacts.write')
  const [editing, setEditing] = useState(false)

  function save(name: string) {
    setEditing(false)
    const next = name.trim()
    if (next && next !== contact.name) void changeContact(contact, { name: next })
  }

  if (!mayWrite) return <b className={s.name}>{contact.name}</b>
  if (!editing) {
    return (
      <button type="button" className={s.nameButton} aria-label={`Change name, ${contact.name}`} onClick={() => setEditing(true)}>
        {contact.name}
        <IconPencil size={14} />
      </button>
    )
  }
  return (
    <input
      className={s.nameInput}
      aria-label="Name"
      defaultValue={contact.name}
      autoFocus
      onFocus={(event) => event.currentTarget.select()}
      onBlur={(event) => save(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') event.currentTarget.blur()
        if (event.key === 'Escape') {
          event.stopPropagation()
          event.currentTarget.value = contact.name
          event.currentTarget.blur()
        }
      }}
    />
  )
}
