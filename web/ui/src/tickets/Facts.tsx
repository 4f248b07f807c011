import { NativeSelect, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useMembers } from '../inbox/presence'
import { fullTime } from '../lib/format'
import type { EditTicket, Ticket, TicketField } from '../lib/types'
import { PRIORITIES, STATUSES, TYPES, changeTicket, options, useForms } from './tickets'
import s from './tickets.module.css'

/** Everything about a ticket that is chosen or filled in. */
export function Facts({ ticket, mayEdit }: { ticket: Ticket; mayEdit: boolean }) {
  const forms = useForms()
  const members = useMembers()
  const category = forms?.categories?.find((each) => each.id === ticket.category_id)
  const keys = new Set([...(category?.fields ?? []), ...Object.keys(ticket.fields)])
  const fields = (forms?.fields ?? []).filter((field) => keys.has(field.key))
  const change = (what: EditTicket) => void changeTicket(ticket, what)
  const disabled = !mayEdit
  return (
    <section className={s.facts}>
      <h2>Details</h2>
      <NativeSelect
        size="xs"
        label="Status"
        value={ticket.status}
        disabled={disabled}
        data={options(STATUSES).filter(({ value }) => value === ticket.status || ticket.next_statuses.some((next) => next === value))}
        onChange={(event) => change({ status: event.currentTarget.value as Ticket['status'] })}
      />
      <NativeSelect
        size="xs"
        label="Owner"
        value={ticket.owner_id ?? ''}
        disabled={disabled}
        data={[{ value: '', label: 'Nobody' }, ...members.map((member) => ({ value: member.id, label: member.name }))]}
        onChange={(event) => change({ owner_id: event.currentTarget.value || null })}
      />
      <NativeSelect
        size="xs"
        label="Priority"
        value={ticket.priority}
        disabled={disabled}
        data={options(PRIORITIES)}
        onChange={(event) => change({ priority: event.currentTarget.value as Ticket['priority'] })}
      />
      <NativeSelect
        size="xs"
        label="Type"
        value={ticket.type}
        disabled={disabled}
        data={options(TYPES)}
        onChange={(event) => change({ type: event.currentTarget.value as Ticket['type'] })}
      />
      {(forms?.categories?.length ?? 0) > 0 && (
        <NativeSelect
          size="xs"
          label="Category"
          value={ticket.category_id ?? ''}
          disabled={disabled}
          data={[{ value: '', label: 'None' }, ...(forms?.categories ?? []).map((each) => ({ value: each.id, label: each.name }))]}
          onChange={(event) => change({ category_id: event.currentTarget.value || null })}
        />
      )}
      {fields.map((field) => (
        <OwnField
          key={`${field.key}-${String(ticket.fields[field.key] ?? '')}`}
          field={field}
          required={category?.required?.includes(field.key) ?? false}
          value={ticket.fields[field.key] ?? null}
          disabled={disabled}
          onSave={(value) => change({ fields: { [field.key]: value } })}
        />
      ))}
      <dl>
        <div>
          <dt>Made</dt>
          <dd>{fullTime(ticket.created_at)}</dd>
        </div>
        <div>
          <dt>Changed</dt>
          <dd>{fullTime(ticket.updated_at)}</dd>
        </div>
      </dl>
    </section>
  )
}

type Value = string | number | boolean | null

interface OwnFieldProps {
  field: TicketField
  required: boolean
  value: Value
  disabled: boolean
  onSave: (value: Value) => void
}

function OwnField({ field, required, value, disabled, onSave }: OwnFieldProps) {
  const [text, setText] = useState(value === null ? '' : String(value))
  const label = required ? `${field.label} (needed to solve it)` : field.label
  if (field.kind === 'checkbox' || field.kind === 'choice') {
    const choices =
      field.kind === 'choice'
        ? (field.options ?? []).map((each) => ({ value: each, label: each }))
        : [
            { value: 'true', label: 'Yes' },
            { value: 'false', label: 'No' },
          ]
    return (
      <NativeSelect
        size="xs"
        label={label}
        value={text}
        disabled={disabled}
        data={[{ value: '', label: 'Not set' }, ...choices]}
        onChange={(event) => {
          const chosen = event.currentTarget.value
          setText(chosen)
          onSave(chosen === '' ? null : field.kind === 'choice' ? chosen : chosen === 'true')
        }}
      />
    )
  }
  return (
    <TextInput
      size="xs"
      label={label}
      type={field.kind}
      value={text}
      disabled={disabled}
      maxLength={2000}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={() => {
        const next = text.trim() === '' ? null : field.kind === 'number' ? Number(text) : text.trim()
        if (next !== value) onSave(next)
      }}
      onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
    />
  )
}
