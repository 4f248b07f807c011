import { useQuery } from '@tanstack/react-query'
import { api } from '../lib/api'
import type { Metric } from '../lib/types'

/** What each number means, said by the server so that screens, CSV and API agree. */
export function useMetrics() {
  return useQuery({
    queryKey: ['metrics'],
    queryFn: () => api.get<{ items: Metric[] }>('/reports/metrics').then((answer) => answer.items),
    staleTime: Infinity,
  })
}
