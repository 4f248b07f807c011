/** The numbers beside the tabs. They are read again after changes, at most every two seconds. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { api } from '../lib/api'
import { queryClient } from '../lib/query'
import { shortCount } from '../lib/format'
import type { BuiltInView, Counts, View } from '../lib/types'

const EVERY_MS = 2_000

const countsQuery = queryOptions({
  queryKey: ['counts'],
  queryFn: ({ signal }) => api.get<Counts>('/conversations/counts', signal),
})

let timer: number | undefined
let lastAt = 0

export function useCounts(): Counts | undefined {
  return useQuery(countsQuery).data
}

/** How many conversations want me to look: what customers wrote in mine and in those that nobody has. */
export function useNews(): number {
  const unread = useCounts()?.unread_in
  return unread ? unread.mine + unread.unassigned : 0
}

/** How many a view has, for a narrow place; `500+` where a role does not see everything and there may be more. */
export function countText(counts: Counts | undefined, view: View): string | undefined {
  const number = counts && (counts[view as BuiltInView] ?? counts.views[view])
  return number === undefined ? undefined : `${shortCount(number)}${counts?.at_least.includes(view) ? '+' : ''}`
}

/** How many open conversations of a view I have not read; views that are not counted have none. */
export function unreadIn(counts: Counts | undefined, view: View): number {
  const { views = {}, ...builtIn } = counts?.unread_in ?? {}
  return (builtIn as Record<string, number>)[view] ?? views[view] ?? 0
}

export function refreshCounts(): void {
  if (timer !== undefined) return
  const wait = Math.max(0, lastAt + EVERY_MS - Date.now())
  timer = window.setTimeout(() => {
    timer = undefined
    lastAt = Date.now()
    void queryClient.invalidateQueries({ queryKey: countsQuery.queryKey })
  }, wait)
}
