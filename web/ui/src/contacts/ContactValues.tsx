import { Suspense, lazy, useState } from 'react'
import { useCan } from '../lib/session'
import type { Contact, FieldValue } from '../lib/types'
import { Skeleton } from '../ui/Skeleton'
import { IconPencil } from '../ui/icons'
import { useContactValues, type ContactValue } from './contactFields'
import { changeContact, markContact } from './contactQuery'
import s from './values.module.css'

// Who only reads needs no editors.
const ValueEditor = lazy(() => import('./ValueEditor'))

/** What is known of a person, each value with its way to change it. */
export function ContactValues({ contact }: { contact: Contact }) {
  const values = useContactValues(contact)
  const mayWrite = useCan('contacts.write')
  const [editing, setEditing] = useState('')
  if (!values) return <Skeleton height={120} />

  // Another may be open by the time that this one is stored.
  const close = (name: string) => setEditing((now) => (now === name ? '' : now))

  function save(value: ContactValue, next: FieldValue) {
    close(value.name)
    const before = Array.isArray(value.value) ? value.value : []
    if (value.marks) void markContact(contact, value.marks, before, Array.isArray(next) ? next : [])
    else if (JSON.stringify(next) !== JSON.stringify(value.value)) void changeContact(contact, value.change(next))
  }

  return (
    <dl className={s.values}>
      {values.map((value) => (
        <div key={value.name}>
          <dt>{value.label}</dt>
          <dd>
            {editing === value.name ? (
              <Suspense fallback={<Skeleton height={30} />}>
                <ValueEditor value={value} onSave={(next) => save(value, next)} onClose={() => close(value.name)} />
              </Suspense>
            ) : (
              <Shown value={value} onEdit={mayWrite ? () => setEditing(value.name) : undefined} />
            )}
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Shown({ value, onEdit }: { value: ContactValue; onEdit?: (() => void) | undefined }) {
  const text = value.text || (onEdit ? 'Add' : 'None')
  const link = value.kind === 'url' && typeof value.value === 'string' ? value.value : null
  return (
    <>
      {link && (
        <a href={link} target="_blank" rel="noreferrer noopener">
          {link}
        </a>
      )}
      {onEdit ? (
        <button type="button" data-empty={!value.text || undefined} aria-label={value.text ? `Change ${value.label}: ${value.text}` : `Add ${value.label}`} onClick={onEdit}>
          {!link && <span>{text}</span>}
          <IconPencil size={13} />
        </button>
      ) : (
        !link && <span data-empty={!value.text || undefined}>{text}</span>
      )}
      {value.hint && <small>{value.hint}</small>}
    </>
  )
}
