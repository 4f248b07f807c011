import { queryOptions } from '@tanstack/react-query'
import { api } from '../../lib/api'
import type { Catalogue, Page, SlaPolicy, SlaPolicyIn } from '../../lib/types'

export const policiesQuery = queryOptions({
  queryKey: ['sla-policies'],
  queryFn: ({ signal }) => api.get<Page<SlaPolicy>>('/sla-policies', signal).then((page) => page.items),
})

export const catalogueQuery = (subject: 'conversations' | 'tickets') =>
  queryOptions({
    queryKey: ['sla-policies', 'catalogue', subject],
    queryFn: ({ signal }) => api.get<Catalogue>(`/sla-policies/catalogue?subject=${subject}`, signal),
    staleTime: Infinity,
  })

export const FRESH: SlaPolicyIn = {
  name: '',
  subject: 'conversations',
  rule: null,
  targets: [{ priority: null, first: 60, next: 240, resolve: 1440 }],
  calendar_id: null,
  pauses: ['snoozed', 'pending', 'waiting_customer'],
  warn_minutes: 30,
  steps: [{ id: 'step_1', after: 'warning', minutes: 0, do: 'notify', to: 'assignee', value: null }],
  enabled: true,
}

/** 90 → 1 h 30 min */
export function minutesText(minutes: number): string {
  const hours = Math.floor(minutes / 60)
  const rest = minutes % 60
  return [hours > 0 && `${hours} h`, rest > 0 && `${rest} min`].filter(Boolean).join(' ')
}
