import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useLists } from '../contacts/contactLists'
import { api, query } from '../lib/api'
import { useCan } from '../lib/session'
import type { BroadcastRow, Company, Page } from '../lib/types'
import { useThings } from '../views/useThings'
import { allSegmentsQuery } from './segments'

const MOST = 100

/** What fields of contacts that refer to something offer, by name; `except` is the segment that asks. */
export function useSegmentThings(except?: string) {
  const things = useThings()
  const lists = useLists()
  const { data: segments } = useQuery(allSegmentsQuery)
  const { data: companies } = useQuery({
    queryKey: ['companies', 'offered'],
    queryFn: ({ signal }) => api.get<Page<Company>>(`/companies${query({ limit: MOST })}`, signal).then((page) => page.items),
  })
  const { data: broadcasts } = useQuery({
    queryKey: ['broadcasts', 'list', 'offered'],
    queryFn: ({ signal }) => api.get<Page<BroadcastRow>>(`/broadcasts${query({ limit: MOST })}`, signal).then((page) => page.items),
    enabled: useCan('broadcasts.read'),
  })
  return useMemo(() => {
    const named = (items: { id: string; name: string }[] = []) => items.map(({ id, name }) => ({ value: id, label: name }))
    return {
      ...things,
      list: named(lists),
      segment: named(segments).filter((each) => each.value !== except),
      company: named(companies),
      broadcast: named(broadcasts),
    }
  }, [things, lists, segments, companies, broadcasts, except])
}
