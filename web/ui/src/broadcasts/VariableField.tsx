import { ActionIcon, Button, NativeSelect, Popover, TextInput, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { api } from '../lib/api'
import type { Page, TextVariable } from '../lib/types'
import p from '../settings/parts/parts.module.css'
import { IconBraces } from '../ui/icons'

interface VariableFieldProps {
  label: string
  value: string
  onChange: (text: string) => void
  multiline?: boolean
  placeholder?: string
  error?: string | undefined
  maxLength?: number
}

/** A text that names what is known of each person, with what to say where nothing is. */
export function VariableField({ label, value, onChange, multiline, placeholder, error, maxLength = 4000 }: VariableFieldProps) {
  const box = useRef<HTMLInputElement & HTMLTextAreaElement>(null)
  const shared = {
    label,
    value,
    placeholder: placeholder ?? '',
    error,
    maxLength,
    onChange: (event: { currentTarget: { value: string } }) => onChange(event.currentTarget.value),
  }

  function insert(addition: string) {
    const element = box.current
    const from = element?.selectionStart ?? value.length
    onChange(value.slice(0, from) + addition + value.slice(element?.selectionEnd ?? from))
    requestAnimationFrame(() => {
      element?.focus()
      element?.setSelectionRange(from + addition.length, from + addition.length)
    })
  }

  const insertion = <Insertion about={label} onInsert={insert} />
  return multiline ? (
    <Textarea {...shared} ref={box} autosize minRows={4} maxRows={14} rightSection={insertion} rightSectionWidth={36} styles={{ section: { alignItems: 'start', paddingTop: 4 } }} />
  ) : (
    <TextInput {...shared} ref={box} rightSection={insertion} rightSectionWidth={36} />
  )
}

function Insertion({ about, onInsert }: { about: string; onInsert: (text: string) => void }) {
  const [opened, setOpened] = useState(false)
  const [name, setName] = useState('')
  const [otherwise, setOtherwise] = useState('')
  const { data: variables } = useQuery({
    queryKey: ['variables'],
    queryFn: () => api.get<Page<TextVariable>>('/variables').then((page) => page.items),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const offered = variables?.filter((each) => each.name.startsWith('contact.')) ?? []
  const chosen = name || offered[0]?.name || ''

  function insert() {
    // A quote in it would end the Liquid text: it becomes a typographic one.
    const spare = otherwise.trim().replaceAll('"', '”')
    onInsert(spare ? `{{ ${chosen} | default: "${spare}" }}` : `{{ ${chosen} }}`)
    setOpened(false)
    setOtherwise('')
  }

  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={280} trapFocus returnFocus withinPortal>
      <Popover.Target>
        <ActionIcon aria-label={`Insert what is known of the person into ${about}`} aria-expanded={opened} onClick={() => setOpened(!opened)}>
          <IconBraces size={16} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown aria-label="What is known of the person">
        <div className={p.dialog}>
          <NativeSelect
            label="What is known of the person"
            data={offered.map((each) => ({ value: each.name, label: each.label }))}
            value={chosen}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <TextInput
            label="Where nothing is known"
            placeholder="for example: friend"
            value={otherwise}
            maxLength={100}
            onChange={(event) => setOtherwise(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter') return
              event.preventDefault()
              insert()
            }}
          />
          <Button size="xs" disabled={!chosen} onClick={insert}>
            Insert
          </Button>
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}
