/** How a broadcast is: read once, and from then on told by the server whenever it changes. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { api } from '../lib/api'
import { setWatched } from '../lib/live'
import type { BroadcastReport } from '../lib/types'

const reportQuery = (id: string) =>
  queryOptions({
    queryKey: ['broadcasts', id, 'report'],
    queryFn: ({ signal }) => api.get<BroadcastReport>(`/broadcasts/${id}/report`, signal),
    staleTime: 0,
  })

/** How many parts of the screen show each. */
const shown = new Map<string, number>()

function show(id: string, more: 1 | -1): void {
  const number = (shown.get(id) ?? 0) + more
  if (number > 0) shown.set(id, number)
  else shown.delete(id)
  if (number === 0 || (number === 1 && more === 1)) setWatched([...shown.keys()])
}

export function useReport(id: string, enabled = true) {
  useEffect(() => {
    if (!enabled) return
    show(id, 1)
    return () => show(id, -1)
  }, [id, enabled])
  return useQuery({ ...reportQuery(id), enabled })
}
