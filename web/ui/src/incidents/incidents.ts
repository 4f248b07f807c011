/** Reading and changing incidents. */
import { queryOptions } from '@tanstack/react-query'
import { api, query } from '../lib/api'
import { queryClient } from '../lib/query'
import { toast, toastError } from '../lib/toast'
import type { Incident, IncidentRow, IncidentStatus, Page, Telling } from '../lib/types'
import type { Tone } from '../ui/Badge'

export const STATUSES: Record<IncidentStatus, string> = {
  investigating: 'Investigating',
  identified: 'Cause found',
  monitoring: 'Watching the fix',
  resolved: 'Resolved',
}

export const TONES: Record<IncidentStatus, Tone> = { investigating: 'danger', identified: 'warn', monitoring: 'accent', resolved: 'ok' }

export const incidentsQuery = (state: 'active' | 'resolved') =>
  queryOptions({
    queryKey: ['incidents', state],
    queryFn: ({ signal }) => api.get<Page<IncidentRow>>(`/incidents${query({ state, limit: 100 })}`, signal).then((page) => page.items),
  })

export const incidentQuery = (id: string) =>
  queryOptions({ queryKey: ['incident', id], queryFn: ({ signal }) => api.get<Incident>(`/incidents/${id}`, signal) })

export const tellingsQuery = (updateId: string) =>
  queryOptions({
    queryKey: ['incident', 'tellings', updateId],
    queryFn: ({ signal }) =>
      api.get<Page<Telling>>(`/incident-updates/${updateId}/tellings${query({ state: 'not_sent', limit: 200 })}`, signal).then((page) => page.items),
  })

export function incidentChanged(id: string): void {
  void queryClient.invalidateQueries({ queryKey: ['incident', id] })
  void queryClient.invalidateQueries({ queryKey: ['incident', 'tellings'] })
  void queryClient.invalidateQueries({ queryKey: ['incidents'] })
}

/** These conversations have this problem, too. */
export async function linkConversations(incident: Pick<IncidentRow, 'id' | 'title'>, ids: string[]): Promise<boolean> {
  try {
    await api.post(`/incidents/${incident.id}/links`, { conversation_ids: ids })
    incidentChanged(incident.id)
    toast(`Added to “${incident.title}”`)
    return true
  } catch (error) {
    toastError('Not added', error)
    return false
  }
}
