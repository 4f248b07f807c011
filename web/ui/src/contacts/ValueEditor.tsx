import { MultiSelect, NativeSelect, NumberInput, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type KeyboardEvent } from 'react'
import { api, query } from '../lib/api'
import { languageName } from '../lib/format'
import { toastError } from '../lib/toast'
import type { Company, FieldValue, Page } from '../lib/types'
import { useSettled } from '../ui/SearchBox'
import type { ContactValue } from './contactFields'

interface ValueEditorProps {
  value: ContactValue
  /** null empties it */
  onSave: (value: FieldValue) => void
  onClose: () => void
}

/** A control for one value; it is stored when it is chosen, or left. */
export default function ValueEditor(props: ValueEditorProps) {
  const { value, onSave, onClose } = props
  switch (value.kind) {
    case 'stage':
    case 'owner':
    case 'role':
    case 'choice':
      return <Choice {...props} data={value.options} />
    case 'language':
      return <Choice {...props} data={languages()} />
    case 'zone':
      return <Choice {...props} data={zones()} />
    case 'company':
      return <CompanyChoice {...props} />
    case 'choices':
      return <Choices {...props} />
    case 'boolean':
      return (
        <NativeSelect
          size="xs"
          autoFocus
          aria-label={value.label}
          value={value.value === null ? '' : String(value.value)}
          data={[
            { value: '', label: 'Not known' },
            { value: 'true', label: 'Yes' },
            { value: 'false', label: 'No' },
          ]}
          onKeyDown={escape(onClose)}
          onBlur={onClose}
          onChange={(event) => onSave(event.currentTarget.value === '' ? null : event.currentTarget.value === 'true')}
        />
      )
    case 'number':
      return <NumberValue {...props} />
    default:
      return <TextValue {...props} />
  }
}

const escape = (onClose: () => void) => (event: KeyboardEvent) => {
  if (event.key !== 'Escape') return
  event.stopPropagation()
  onClose()
}

function Choice({ value, data, onSave, onClose }: ValueEditorProps & { data: { value: string; label: string }[] }) {
  const current = typeof value.value === 'string' ? value.value : null
  const known = !current || data.some((option) => option.value === current)
  return (
    <Select
      size="xs"
      autoFocus
      searchable
      clearable
      defaultDropdownOpened
      selectFirstOptionOnChange
      limit={100}
      nothingFoundMessage="Nothing matches"
      aria-label={value.label}
      data={known ? data : [{ value: current, label: value.text }, ...data]}
      defaultValue={current}
      onChange={onSave}
      onKeyDown={escape(onClose)}
      onBlur={onClose}
    />
  )
}

const NEW = 'new:'

function CompanyChoice({ value, onSave, onClose }: ValueEditorProps) {
  const [text, setText] = useState(value.text)
  const name = text.trim()
  const search = useSettled(text === value.text ? '' : text)
  const { data } = useQuery({
    queryKey: ['companies', 'choice', search],
    queryFn: ({ signal }) => api.get<Page<Company>>(`/companies${query({ q: search, limit: 20 })}`, signal).then((page) => page.items),
    placeholderData: (before) => before,
  })
  const found = (data ?? []).map((company) => ({ value: company.id, label: company.name }))
  const isNew = search !== '' && search === name && !found.some((each) => each.label.toLowerCase() === name.toLowerCase())
  const options = [...value.options.filter((each) => !search && !found.some((known) => known.value === each.value)), ...found]

  async function choose(chosen: string | null) {
    if (!chosen?.startsWith(NEW)) return onSave(chosen)
    try {
      onSave((await api.post<Company>('/companies', { name: chosen.slice(NEW.length) })).id)
    } catch (error) {
      toastError('The company was not made', error)
      onClose()
    }
  }

  return (
    <Select
      size="xs"
      autoFocus
      searchable
      clearable
      defaultDropdownOpened
      placeholder="Search or name a new one"
      aria-label={value.label}
      data={isNew ? [...options, { value: NEW + name, label: `Make “${name}”` }] : options}
      filter={({ options: all }) => all}
      value={typeof value.value === 'string' ? value.value : null}
      searchValue={text}
      onSearchChange={setText}
      onChange={(chosen) => void choose(chosen)}
      onKeyDown={escape(onClose)}
      onBlur={onClose}
    />
  )
}

function Choices({ value, onSave, onClose }: ValueEditorProps) {
  const [chosen, setChosen] = useState(Array.isArray(value.value) ? value.value : [])
  return (
    <MultiSelect
      size="xs"
      autoFocus
      searchable
      defaultDropdownOpened
      aria-label={value.label}
      data={value.options}
      value={chosen}
      onChange={setChosen}
      onKeyDown={escape(onClose)}
      onBlur={() => onSave(chosen.length > 0 ? chosen : null)}
    />
  )
}

function NumberValue({ value, onSave, onClose }: ValueEditorProps) {
  const [typed, setTyped] = useState<string | number>(typeof value.value === 'number' ? value.value : '')
  return (
    <NumberInput
      size="xs"
      autoFocus
      aria-label={value.label}
      value={typed}
      onChange={setTyped}
      onBlur={() => onSave(typeof typed === 'number' ? typed : null)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') event.currentTarget.blur()
        escape(onClose)(event)
      }}
    />
  )
}

const TYPES = { date: 'date', datetime: 'datetime-local', url: 'url' } as const

function TextValue({ value, onSave, onClose }: ValueEditorProps) {
  const [typed, setTyped] = useState(asTyped(value))

  function save() {
    const text = typed.trim()
    if (text === '') onSave(null)
    else if (value.kind === 'datetime') onSave(text === asTyped(value) ? value.value : new Date(text).toISOString())
    else onSave(text)
  }

  return (
    <TextInput
      size="xs"
      autoFocus
      aria-label={value.label}
      type={TYPES[value.kind as keyof typeof TYPES] ?? 'text'}
      value={typed}
      maxLength={2000}
      placeholder={value.kind === 'url' ? 'https://' : ''}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={save}
      onKeyDown={(event) => {
        if (event.key === 'Enter') event.currentTarget.blur()
        escape(onClose)(event)
      }}
    />
  )
}

/** A time as its control has it, on this person's clock. */
function asTyped({ kind, value }: ContactValue): string {
  if (typeof value !== 'string') return ''
  if (kind !== 'datetime') return value
  const at = new Date(value)
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

function zones(): { value: string; label: string }[] {
  return Intl.supportedValuesOf('timeZone').map((zone) => ({ value: zone, label: zone.replaceAll('_', ' ') }))
}

const CODES =
  'af ak am ar az bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu ha he hi hr hu hy id ig is it ja ka kk km kn ko ky lo lt lv mk ml mn mr ms my nb ne nl pa pl ps pt pt-BR ro ru rw si sk sl so sq sr sv sw ta te th tl tr tw uk ur uz vi wo xh yo zh zh-TW zu'

function languages(): { value: string; label: string }[] {
  return CODES.split(' ')
    .map((code) => ({ value: code, label: languageName(code) }))
    .sort((a, b) => a.label.localeCompare(b.label))
}
