import { Button, TextInput, Textarea } from '@mantine/core'
import { useState } from 'react'
import { IconPencil } from '../ui/icons'
import s from './tickets.module.css'

interface EditableTextProps {
  label: string
  value: string
  placeholder?: string
  heading?: boolean
  multiline?: boolean
  mayEdit: boolean
  onSave: (value: string) => void
}

/** Text that becomes a field when one clicks on it; Escape takes the change back. */
export function EditableText({ label, value, placeholder = '', heading, multiline, mayEdit, onSave }: EditableTextProps) {
  const [draft, setDraft] = useState<string | null>(null)

  function save() {
    const next = (draft ?? '').trim()
    setDraft(null)
    if (next !== value && (next || multiline)) onSave(next)
  }

  const shown = heading ? <h1>{value}</h1> : <p className={s.text}>{value || <span className={s.faint}>{placeholder}</span>}</p>
  if (!mayEdit) return shown
  if (draft === null) {
    return (
      <div className={s.editable}>
        {shown}
        <button type="button" aria-label={`Change the ${label.toLowerCase()}`} onClick={() => setDraft(value)}>
          <IconPencil size={14} />
        </button>
      </div>
    )
  }
  const shared = {
    'aria-label': label,
    value: draft,
    autoFocus: true,
    onChange: (event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) => setDraft(event.currentTarget.value),
    onKeyDown: (event: React.KeyboardEvent) => {
      if (event.key === 'Escape') {
        event.stopPropagation()
        setDraft(null)
      }
      if (event.key === 'Enter' && (!multiline || event.ctrlKey || event.metaKey)) save()
    },
  }
  return (
    <div className={s.editing}>
      {multiline ? <Textarea {...shared} autosize minRows={4} maxLength={20_000} /> : <TextInput {...shared} maxLength={200} />}
      <div>
        <Button size="xs" onClick={save}>
          Save
        </Button>
        <Button size="xs" variant="default" onClick={() => setDraft(null)}>
          Cancel
        </Button>
      </div>
    </div>
  )
}
