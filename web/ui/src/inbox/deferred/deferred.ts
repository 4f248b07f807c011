/** Messages for later: what waits in a conversation or in all of them, and what people decide about it. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { api, query } from '../../lib/api'
import { queryClient } from '../../lib/query'
import { toast, toastError } from '../../lib/toast'
import type { Deferred, DeferredPage, NewDeferred, Place, Reopener } from '../../lib/types'

/** `waiting` is the number that the conversation tells: without any, nothing is asked. */
export function useDeferred(conversationId: string, waiting: number): Deferred[] {
  const { data } = useQuery({
    queryKey: ['deferred', conversationId],
    queryFn: () => api.get<DeferredPage>(`/conversations/${conversationId}/deferred`),
    enabled: waiting > 0,
  })
  return waiting > 0 ? (data?.items ?? []) : []
}

export function useAllDeferred(mine: boolean) {
  return useInfiniteQuery({
    queryKey: ['deferred', 'all', mine],
    queryFn: ({ pageParam, signal }) =>
      api.get<DeferredPage>(`/deferred${query({ cursor: pageParam, mine: mine ? 'true' : null, limit: 50 })}`, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })
}

export function deferredChanged(): void {
  void queryClient.invalidateQueries({ queryKey: ['deferred'] })
}

/** Raises what the server says; the caller keeps the draft. */
export async function defer(conversationId: string, message: NewDeferred): Promise<Deferred> {
  const made = await api.post<Deferred>(`/conversations/${conversationId}/deferred`, message, message.client_id)
  deferredChanged()
  return made
}

export async function changeDeferred(item: Deferred, change: { text?: string; at?: string; on_reply?: Deferred['on_reply'] }): Promise<boolean> {
  return decide('Not changed', () => api.patch(`/deferred/${item.id}`, { ...change, revision: item.revision }))
}

export async function cancelDeferred(item: Deferred): Promise<boolean> {
  const done = await decide('Not cancelled', () => api.post(`/deferred/${item.id}/cancel`))
  if (done) toast('Cancelled. It will not be sent.')
  return done
}

export async function sendDeferred(item: Deferred): Promise<boolean> {
  return decide('Not sent', () => api.post(`/deferred/${item.id}/send`))
}

async function decide(failure: string, request: () => Promise<unknown>): Promise<boolean> {
  try {
    await request()
    return true
  } catch (error) {
    toastError(failure, error)
    return false
  } finally {
    deferredChanged()
  }
}

/** `place` is null where no number of theirs tells. */
export interface Where {
  place: Place | null
  language: string | null
}

const NOWHERE: Where = { place: null, language: null }

/** Where the person probably is and what they speak; nothing while it is not known. */
export function useWhere(conversationId: string, address: string | undefined): Where {
  const { data } = useQuery({
    queryKey: ['place', conversationId, address],
    queryFn: () => api.get<Where>(`/conversations/${conversationId}/place${query({ address })}`),
    enabled: address !== undefined,
    staleTime: 5 * 60_000,
  })
  return data ?? NOWHERE
}

export function useReopener(accountId: string | undefined, enabled: boolean): Reopener | null {
  const { data } = useQuery({
    queryKey: ['reopener', accountId],
    queryFn: () => api.get<Reopener>(`/accounts/${accountId}/reopener`),
    enabled: enabled && accountId !== undefined,
    staleTime: 60_000,
  })
  return data ?? null
}
