/** What the workspace has settled about closing, and which conversation is being closed with a word. */
import { queryOptions } from '@tanstack/react-query'
import { api } from '../../lib/api'
import { queryClient } from '../../lib/query'
import { Cell } from '../../lib/store'
import type { ClosingSettings, Page, Survey } from '../../lib/types'

export interface ClosingNote {
  reason_id: string | null
  comment: string
}

export const closingQuery = queryOptions({
  queryKey: ['closing'],
  queryFn: ({ signal }) => api.get<ClosingSettings>('/closing', signal),
  staleTime: Number.POSITIVE_INFINITY,
})

export const surveysQuery = (contactId: string) =>
  queryOptions({
    queryKey: ['surveys', contactId],
    queryFn: ({ signal }) => api.get<Pick<Page<Survey>, 'items'>>(`/contacts/${contactId}/surveys`, signal).then((page) => page.items),
  })

export const closingWith = new Cell<string | null>(null)
export const blocking = new Cell<string | null>(null)

export function asksWhy(): boolean {
  return queryClient.getQueryData(closingQuery.queryKey)?.ask_reason === 'required'
}
