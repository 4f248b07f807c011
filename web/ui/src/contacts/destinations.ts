/** The address book of a contact. */
import { queryOptions } from '@tanstack/react-query'
import { api } from '../lib/api'
import type { Destination } from '../lib/types'

export interface Destinations {
  items: Destination[]
  folded: boolean
}

export const destinationsQuery = (contactId: string) =>
  queryOptions({
    queryKey: ['contact', contactId, 'destinations'],
    queryFn: ({ signal }) => api.get<Destinations>(`/contacts/${contactId}/destinations`, signal),
  })

export const mapOf = (latitude: number, longitude: number): string =>
  `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`
