/** What is missing or doubtful of contacts. */
import { queryOptions } from '@tanstack/react-query'
import { api } from '../lib/api'
import type { DataHealth } from '../lib/types'

export const healthQuery = queryOptions({
  queryKey: ['data-health'],
  queryFn: ({ signal }) => api.get<DataHealth>('/data-health', signal),
})
