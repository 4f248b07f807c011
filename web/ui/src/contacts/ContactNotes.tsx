import { useState } from 'react'
import { useCan } from '../lib/session'
import type { Contact } from '../lib/types'
import { changeContact } from './contactQuery'
import s from './contacts.module.css'

/** What the team should know about this person; stored when one leaves the box. */
export function ContactNotes({ contact }: { contact: Contact }) {
  const mayWrite = useCan('contacts.write')
  const [text, setText] = useState(contact.notes ?? '')
  const [saved, setSaved] = useState(false)

  async function save() {
    if (text === (contact.notes ?? '')) return
    setSaved(await changeContact(contact, { notes: text }))
  }

  return (
    <div className={s.notes}>
      <textarea
        aria-label="Notes"
        placeholder={mayWrite ? 'Sizes, preferences, what was promised…' : 'No notes'}
        rows={3}
        value={text}
        readOnly={!mayWrite}
        onChange={(event) => {
          setText(event.currentTarget.value)
          setSaved(false)
        }}
        onBlur={() => void save()}
      />
      <span role="status">{saved ? 'Saved' : ''}</span>
    </div>
  )
}
