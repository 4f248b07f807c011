/** Messages to many: reading them, changing them, and the words for how they stand. */
import { queryOptions } from '@tanstack/react-query'
import { api, query } from '../lib/api'
import { queryClient } from '../lib/query'
import { toast, toastError } from '../lib/toast'
import type { Broadcast, BroadcastProgress, BroadcastRow, BroadcastState, Page } from '../lib/types'
import type { Tone } from '../ui/Badge'

export const STATES: Record<BroadcastState, { label: string; tone: Tone }> = {
  draft: { label: 'Draft', tone: 'neutral' },
  review: { label: 'In review', tone: 'warn' },
  approved: { label: 'Approved', tone: 'ok' },
  scheduled: { label: 'Scheduled', tone: 'accent' },
  running: { label: 'Sending', tone: 'accent' },
  paused: { label: 'Paused', tone: 'warn' },
  done: { label: 'Done', tone: 'ok' },
  cancelled: { label: 'Cancelled', tone: 'neutral' },
}

export const broadcastQuery = (id: string) =>
  queryOptions({ queryKey: ['broadcasts', id], queryFn: ({ signal }) => api.get<Broadcast>(`/broadcasts/${id}`, signal) })

export const runningQuery = queryOptions({
  queryKey: ['broadcasts', 'running'],
  queryFn: async ({ signal }) => (await api.get<Page<BroadcastRow>>(`/broadcasts${query({ state: 'running' })}`, signal)).items,
})

export type Step = 'submit' | 'approve' | 'send-back' | 'start' | 'pause' | 'resume' | 'cancel' | 'recall'

const REFUSED: Record<Step, string> = {
  submit: 'Not handed in',
  approve: 'Not approved',
  'send-back': 'Not sent back',
  recall: 'Not recalled',
  start: 'Not started',
  pause: 'Not stopped',
  resume: 'Not resumed',
  cancel: 'Not cancelled',
}

/** Take a broadcast a step on; false, and said, where the server refuses. */
export async function take(id: string, step: Step, body: object = {}, done?: string): Promise<boolean> {
  try {
    keep(await api.post<Broadcast>(`/broadcasts/${id}/${step}`, body))
    if (done) toast(done)
    return true
  } catch (error) {
    toastError(REFUSED[step], error)
    void queryClient.invalidateQueries({ queryKey: ['broadcasts', id] })
    return false
  }
}

/** A fresh answer about one of them. */
export function keep(broadcast: Broadcast): void {
  queryClient.setQueryData(broadcastQuery(broadcast.id).queryKey, broadcast)
  listsChanged()
}

export function listsChanged(): void {
  void queryClient.invalidateQueries({ queryKey: ['broadcasts', 'list'] })
  void queryClient.invalidateQueries({ queryKey: runningQuery.queryKey })
}

/** Share of the way, 0 to 1. */
export function done({ people, left_out: leftOut, tally }: BroadcastProgress): number {
  if (people === 0) return 0
  const settled = tally.total - tally.queued - tally.waiting - tally.sending
  return (settled + sum(leftOut)) / people
}

export const sum = (steps: readonly { count: number }[]): number => steps.reduce((total, { count }) => total + count, 0)
