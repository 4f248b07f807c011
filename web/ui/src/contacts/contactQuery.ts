/** Reading and changing one contact. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { api } from '../lib/api'
import { queryClient } from '../lib/query'
import { useCan } from '../lib/session'
import { toastError } from '../lib/toast'
import type { Contact } from '../lib/types'

export function contactQuery(id: string) {
  return queryOptions({ queryKey: ['contact', id], queryFn: ({ signal }) => api.get<Contact>(`/contacts/${id}`, signal) })
}

export function useContact(id: string) {
  const allowed = useCan('contacts.read')
  return useQuery({ ...contactQuery(id), enabled: allowed })
}

type Change = Partial<Pick<Contact, 'name' | 'language' | 'notes'>>

/** Shown at once, taken back when the server refuses; true when it was stored. */
export async function changeContact(contact: Contact, change: Change): Promise<boolean> {
  const { queryKey } = contactQuery(contact.id)
  queryClient.setQueryData(queryKey, { ...contact, ...change })
  try {
    queryClient.setQueryData(queryKey, await api.patch<Contact>(`/contacts/${contact.id}`, change))
    void queryClient.invalidateQueries({ queryKey: ['contacts'] })
    return true
  } catch (error) {
    queryClient.setQueryData(queryKey, contact)
    toastError('The contact was not changed', error)
    return false
  }
}
