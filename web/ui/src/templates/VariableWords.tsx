import { Button, TextInput, Textarea } from '@mantine/core'
import { useRef } from 'react'
import { IconBraces } from '../ui/icons'
import { nextVariable, variablesOf, type Examples } from './templates'
import s from './templates.module.css'

interface VariableWordsProps {
  label: string
  field: string
  value: string
  examples: Examples
  examplesField: string
  most: number
  problem: (field: string) => string | undefined
  onChange: (value: string, examples: Examples) => void
}

/** A text with variables, each with its example for the review. */
export function VariableWords({ label, field, value, examples, examplesField, most, problem, onChange }: VariableWordsProps) {
  const box = useRef<HTMLTextAreaElement>(null)
  const names = variablesOf(value)

  function insert() {
    const element = box.current
    const from = element?.selectionStart ?? value.length
    const to = element?.selectionEnd ?? from
    const addition = `{{${nextVariable(value)}}}`
    onChange(value.slice(0, from) + addition + value.slice(to), examples)
    requestAnimationFrame(() => {
      element?.focus()
      element?.setSelectionRange(from + addition.length, from + addition.length)
    })
  }

  return (
    <div className={s.words}>
      <Textarea
        ref={box}
        label={label}
        value={value}
        error={problem(field)}
        minRows={3}
        maxRows={14}
        autosize
        onChange={(event) => onChange(event.currentTarget.value, examples)}
      />
      <div className={s.wordsFoot}>
        <Button variant="subtle" color="gray" size="compact-xs" leftSection={<IconBraces size={14} />} onClick={insert}>
          Insert a variable
        </Button>
        <small className={s.count} data-over={value.length > most || undefined}>
          {value.length} of {most}
        </small>
      </div>
      {names.length > 0 && (
        <div className={s.examples} role="group" aria-label={`Examples for ${label}`}>
          {names.map((name) => (
            <TextInput
              key={name}
              size="xs"
              label={`Example for {{${name}}}`}
              value={examples[name] ?? ''}
              error={problem(`${examplesField}.${name}`)}
              onChange={(event) => onChange(value, { ...examples, [name]: event.currentTarget.value })}
            />
          ))}
        </div>
      )}
    </div>
  )
}
