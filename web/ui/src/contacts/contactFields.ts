/** What is known of contacts beside their names: which values there are, and how each reads. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { useTags } from '../inbox/list/choices'
import { useMembers } from '../inbox/presence'
import { api } from '../lib/api'
import { count, fullTime, languageName, shortDay } from '../lib/format'
import type { Contact, ContactField, ContactFields, FieldValue } from '../lib/types'
import { useLists } from './contactLists'
import type { ContactChange } from './contactQuery'

export const fieldsQuery = queryOptions({
  queryKey: ['contact-fields'],
  queryFn: ({ signal }) => api.get<ContactFields>('/contact-fields', signal),
})

export const FIELD_KINDS: Record<ContactField['kind'] & string, string> = {
  text: 'Text',
  number: 'Number',
  date: 'Date',
  datetime: 'Date and time',
  boolean: 'Yes or no',
  choice: 'Choice',
  choices: 'Several choices',
  url: 'Link',
}

/** A value of a contact: its own kinds beside those of fields. */
export interface ContactValue {
  name: string
  label: string
  kind: (ContactField['kind'] & string) | 'stage' | 'owner' | 'company' | 'role' | 'language' | 'zone'
  hint?: string | undefined
  options: { value: string; label: string }[]
  /** as it is stored */
  value: FieldValue
  /** as a person reads it; empty where there is none */
  text: string
  change: (value: FieldValue) => ContactChange
  /** marks that are put on and taken off, so that two people at once do not collide */
  marks?: 'tags' | 'lists'
}

/** Everything that is known or could be; undefined until it is known what there is. */
export function useContactValues(contact: Contact): ContactValue[] | undefined {
  const { data } = useQuery(fieldsQuery)
  const members = useMembers()
  const tags = useTags()
  const lists = useLists()
  if (!data) return undefined
  const stages = data.stages.map((stage) => ({ value: stage.id, label: stage.label }))
  const roles = (data.roles ?? []).map((role) => ({ value: role.id, label: role.label }))
  const owners = members.filter((member) => member.status === 'active').map((member) => ({ value: member.id, label: member.name }))
  const owner = members.find((member) => member.id === contact.owner_id)
  const zone = contact.zone
  const own = (data.fields ?? []).filter((field) => (!field.archived || contact.fields[field.key] !== undefined) && !(contact.folded && field.private))
  return [
    {
      name: 'stage',
      label: 'Stage',
      kind: 'stage',
      options: stages,
      value: contact.stage,
      text: stages.find((stage) => stage.value === contact.stage)?.label ?? contact.stage ?? '',
      hint: contact.stage_since ? `Since ${shortDay(contact.stage_since)}` : undefined,
      change: (value) => ({ stage: value as string | null }),
    },
    {
      name: 'owner_id',
      label: 'Owner',
      kind: 'owner',
      options: owners,
      value: contact.owner_id,
      text: owner?.name ?? (contact.owner_id ? 'Somebody who has left' : ''),
      change: (value) => ({ owner_id: value as string | null }),
    },
    {
      name: 'company_id',
      label: 'Company',
      kind: 'company',
      options: contact.company ? [{ value: contact.company.id, label: contact.company.name }] : [],
      value: contact.company?.id ?? null,
      text: contact.company?.name ?? '',
      change: (value) => ({ company_id: value as string | null }),
    },
    ...(contact.company
      ? [
          {
            name: 'company_role',
            label: 'Role there',
            kind: 'role' as const,
            options: roles,
            value: contact.company_role,
            text: roles.find((role) => role.value === contact.company_role)?.label ?? contact.company_role ?? '',
            change: (value: FieldValue) => ({ company_role: value as string | null }),
          },
        ]
      : []),
    {
      name: 'language',
      label: 'Language',
      kind: 'language',
      options: [],
      value: contact.language,
      text: contact.language ? languageName(contact.language) : '',
      change: (value) => ({ language: value as string | null }),
    },
    {
      name: 'zone',
      label: 'Time zone',
      kind: 'zone',
      options: [],
      value: zone && !zone.derived ? zone.name : null,
      text: zone?.name.replaceAll('_', ' ') ?? '',
      hint: zone?.derived ? (zone.sure ? 'By their number' : 'By their number, whose country has several') : undefined,
      change: (value) => ({ zone: value as string | null }),
    },
    marks('tags', 'Tags', contact.tags, tags),
    marks('lists', 'Lists', contact.lists, lists),
    ...own.map(
      (field): ContactValue => ({
        name: `fields.${field.key}`,
        label: field.label,
        kind: field.kind ?? 'text',
        hint: field.description || undefined,
        options: (field.options ?? []).map((option) => ({ value: option, label: option })),
        value: contact.fields[field.key] ?? null,
        text: written(field, contact.fields[field.key] ?? null),
        change: (value) => ({ fields: { [field.key]: value } }),
      }),
    ),
  ]
}

function marks(name: 'tags' | 'lists', label: string, has: string[], there: { id: string; name: string }[]): ContactValue {
  const known = there.filter((each) => has.includes(each.id))
  return {
    name,
    label,
    kind: 'choices',
    options: there.map((each) => ({ value: each.id, label: each.name })),
    value: has.filter((id) => known.some((each) => each.id === id)),
    text: known.map((each) => each.name).join(', '),
    change: () => ({}),
    marks: name,
  }
}

function written(field: ContactField, value: FieldValue): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'boolean') return value ? 'Yes' : 'No'
  if (typeof value === 'number') return count(value)
  if (Array.isArray(value)) return value.join(', ')
  if (field.kind === 'date') return shortDay(`${value}T12:00:00`)
  return field.kind === 'datetime' ? fullTime(value) : value
}
