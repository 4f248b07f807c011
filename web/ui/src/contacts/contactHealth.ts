/** How well things stand with people, and why. */
import { queryOptions } from '@tanstack/react-query'
import { api } from '../lib/api'
import type { ChurnRisk, ContactHealth, ContactHealthSettings } from '../lib/types'
import type { Tone } from '../ui/Badge'

/** `since` makes it look again: the newest thing that happened with them. */
export const healthOf = (contactId: string, since: number) =>
  queryOptions({
    queryKey: ['contact', contactId, 'health', since],
    queryFn: ({ signal }) => api.get<ContactHealth>(`/contacts/${contactId}/health`, signal),
    placeholderData: (before) => before,
  })

export const healthSettingsQuery = queryOptions({
  queryKey: ['contact-health'],
  queryFn: ({ signal }) => api.get<ContactHealthSettings>('/contact-health', signal),
})

export const RISKS: Record<ChurnRisk, { label: string; tone: Tone }> = {
  low: { label: 'Low risk', tone: 'ok' },
  medium: { label: 'Medium risk', tone: 'warn' },
  high: { label: 'High risk', tone: 'danger' },
}
