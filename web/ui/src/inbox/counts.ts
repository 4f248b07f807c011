/** The numbers beside the tabs. They are read again after changes, at most every two seconds. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { api } from '../lib/api'
import { queryClient } from '../lib/query'
import type { Counts } from '../lib/types'

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

export function refreshCounts(): void {
  if (timer !== undefined) return
  const wait = Math.max(0, lastAt + EVERY_MS - Date.now())
  timer = window.setTimeout(() => {
    timer = undefined
    lastAt = Date.now()
    void queryClient.invalidateQueries({ queryKey: countsQuery.queryKey })
  }, wait)
}
