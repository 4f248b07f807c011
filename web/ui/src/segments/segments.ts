/** Groups of people that keep themselves up to date. */
import { queryOptions } from '@tanstack/react-query'
import { api } from '../lib/api'
import { count } from '../lib/format'
import { queryClient } from '../lib/query'
import type { Catalogue, Page, Segment } from '../lib/types'

export const allSegmentsQuery = queryOptions({
  queryKey: ['segments'],
  queryFn: async ({ signal }) => (await api.get<Page<Segment>>('/segments', signal)).items,
})

export const segmentQuery = (id: string) =>
  queryOptions({ queryKey: ['segments', id], queryFn: ({ signal }) => api.get<Segment>(`/segments/${id}`, signal) })

export const catalogueQuery = queryOptions({
  queryKey: ['segment-catalogue'],
  queryFn: ({ signal }) => api.get<Catalogue>('/segments/catalogue', signal),
})

/** “about 12,400” while it is an estimate. */
export const about = (number: number, exact: boolean): string => `${exact ? '' : 'about '}${count(number)}`

export function segmentsChanged(): void {
  void queryClient.invalidateQueries({ queryKey: ['segments'] })
}
