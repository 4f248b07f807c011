/** Canned replies as the composer uses them. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { api } from '../../lib/api'
import { queryClient } from '../../lib/query'
import type { CannedReply, FilledReply, Page } from '../../lib/types'

export const cannedQuery = queryOptions({
  queryKey: ['canned'],
  queryFn: () => api.get<Page<CannedReply>>('/canned-replies').then((page) => page.items),
})

export function useCanned(enabled: boolean): CannedReply[] | undefined {
  return useQuery({ ...cannedQuery, enabled }).data
}

/** The reply as it reads in this conversation. */
export function filledQuery(reply: CannedReply, conversationId: string, accountId: string | undefined) {
  return queryOptions({
    queryKey: ['canned', 'filled', reply.id, reply.revision, conversationId, accountId],
    queryFn: () =>
      api.post<FilledReply>(`/canned-replies/${reply.id}/fill`, {
        conversation_id: conversationId,
        account_id: accountId ?? null,
      }),
    staleTime: 30_000,
  })
}

export async function fill(reply: CannedReply, conversationId: string, accountId: string | undefined): Promise<FilledReply> {
  const query = filledQuery(reply, conversationId, accountId)
  const seen = queryClient.getQueryData(query.queryKey)
  const body = { conversation_id: conversationId, account_id: accountId ?? null, insert: true }
  const inserted = api.post<FilledReply>(`/canned-replies/${reply.id}/fill`, body)
  if (!seen) return inserted
  // What was shown is what is inserted, at once; the server only has to count it.
  inserted.catch(() => {})
  return seen
}
