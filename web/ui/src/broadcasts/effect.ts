import { queryOptions, useQuery } from '@tanstack/react-query'
import { api } from '../lib/api'
import { count } from '../lib/format'
import type { BroadcastEffect, Revenue } from '../lib/types'
import { catalogueQuery } from '../segments/segments'
import { minor } from './money'

const AGAIN_MS = 60_000
// As long as nobody has got it.
const SOON_MS = 3_000

export const effectQuery = (id: string) =>
  queryOptions({
    queryKey: ['broadcasts', id, 'effect'],
    queryFn: ({ signal }) => api.get<BroadcastEffect>(`/broadcasts/${id}/effect`, signal),
    refetchInterval: ({ state }) => (state.data?.effect?.got.of === 0 ? SOON_MS : AGAIN_MS),
  })

/** €12.30 and $5.00; of events that name no currency the number alone. */
export const revenueText = (revenue: Revenue[]): string =>
  revenue.map(({ currency, amount_minor: amount }) => (currency ? minor(amount, currency) : count(amount / 100))).join(' + ')

/** What an event is called where one chooses it. */
export function useEventLabel(event: string | undefined): string {
  const { data } = useQuery({ ...catalogueQuery, enabled: event !== undefined })
  return data?.events.find((each) => each.name === event)?.label ?? event ?? ''
}
