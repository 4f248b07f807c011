import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, query } from '../lib/api'
import type { ContactRow, Page } from '../lib/types'
import { useSettled } from '../ui/SearchBox'

interface ContactPickerProps {
  label: string
  value: ContactRow | null
  onChange: (contact: ContactRow | null) => void
  /** offered before anything is typed */
  sample?: ContactRow[]
}

/** Any contact, by a few letters of the name or number. */
export function ContactPicker({ label, value, onChange, sample = [] }: ContactPickerProps) {
  const [text, setText] = useState('')
  const asked = useSettled(text === value?.name ? '' : text)
  const { data } = useQuery({
    queryKey: ['contacts', 'picked', asked],
    queryFn: ({ signal }) => api.get<Page<ContactRow>>(`/contacts${query({ q: asked, limit: 12 })}`, signal).then((page) => page.items),
    enabled: asked.length > 1 || sample.length === 0,
    placeholderData: (before) => before,
  })
  const found = asked.length > 1 || sample.length === 0 ? (data ?? []) : sample
  const offered = value && !found.some((each) => each.id === value.id) ? [value, ...found] : found
  return (
    <Select
      label={label}
      placeholder="Search people"
      searchable
      clearable
      searchValue={text}
      onSearchChange={setText}
      // The server has searched already, by more than what is shown.
      filter={({ options }) => options}
      data={offered.map((each) => ({ value: each.id, label: each.name }))}
      value={value?.id ?? null}
      onChange={(id) => onChange(offered.find((each) => each.id === id) ?? null)}
      nothingFoundMessage="Nobody matches"
    />
  )
}
