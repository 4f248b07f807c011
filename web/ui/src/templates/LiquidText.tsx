import { NativeSelect, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useRef } from 'react'
import { blocksQuery, variablesQuery } from './templates'
import s from './templates.module.css'

interface LiquidTextProps {
  label: string
  value: string
  error: string | undefined
  /** whether content blocks can stand in it */
  blocks?: boolean
  onChange: (text: string) => void
}

/** A text with Liquid in it, and lists of what may stand there. */
export function LiquidText({ label, value, error, blocks = false, onChange }: LiquidTextProps) {
  const box = useRef<HTMLTextAreaElement>(null)
  const { data } = useQuery(variablesQuery)
  const { data: kept } = useQuery({ ...blocksQuery, enabled: blocks })
  const known = (data ?? []).filter(({ name }) => name.startsWith('contact.') || name.startsWith('workspace.'))

  function insert(addition: string, back = 0) {
    const element = box.current
    const from = element?.selectionStart ?? value.length
    const to = element?.selectionEnd ?? from
    onChange(value.slice(0, from) + addition + value.slice(to))
    const caret = from + addition.length - back
    requestAnimationFrame(() => {
      element?.focus()
      element?.setSelectionRange(caret, caret)
    })
  }

  return (
    <div className={s.words}>
      <Textarea ref={box} label={label} value={value} error={error} minRows={3} maxRows={14} autosize maxLength={5000} onChange={(event) => onChange(event.currentTarget.value)} />
      <NativeSelect
        size="xs"
        aria-label={`Insert a value into: ${label}`}
        value=""
        data={[{ value: '', label: 'Insert a value of the customer…' }, ...known.map(({ name, label: said }) => ({ value: name, label: said }))]}
        onChange={(event) => {
          if (event.currentTarget.value) insert(`{{ ${event.currentTarget.value} | default: "" }}`, 4)
        }}
      />
      {blocks && kept && kept.length > 0 && (
        <NativeSelect
          size="xs"
          aria-label={`Insert a block into: ${label}`}
          value=""
          data={[{ value: '', label: 'Insert a content block…' }, ...kept.map(({ key, name }) => ({ value: key, label: name }))]}
          onChange={(event) => {
            if (event.currentTarget.value) insert(`{{ block.${event.currentTarget.value} }}`)
          }}
        />
      )}
    </div>
  )
}
