/** Reading and changing one contact. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { api } from '../lib/api'
import { queryClient } from '../lib/query'
import { useCan } from '../lib/session'
import { toastError } from '../lib/toast'
import type { Contact, EditContact } from '../lib/types'

export function contactQuery(id: string) {
  return queryOptions({ queryKey: ['contact', id], queryFn: ({ signal }) => api.get<Contact>(`/contacts/${id}`, signal) })
}

export function useContact(id: string) {
  const allowed = useCan('contacts.read')
  return useQuery({ ...contactQuery(id), enabled: allowed })
}

export type ContactChange = Omit<EditContact, 'revision'>

/** Shown at once where that is possible, taken back when the server refuses; true when it was stored. */
export async function changeContact(contact: Contact, change: ContactChange): Promise<boolean> {
  const { queryKey } = contactQuery(contact.id)
  const { company_id: _, zone: __, fields, ...shown } = change
  queryClient.setQueryData(queryKey, { ...contact, ...shown, fields: { ...contact.fields, ...fields } })
  try {
    queryClient.setQueryData(queryKey, await api.patch<Contact>(`/contacts/${contact.id}`, { ...change, revision: contact.revision }))
    void queryClient.invalidateQueries({ queryKey: ['contacts'] })
    return true
  } catch (error) {
    queryClient.setQueryData(queryKey, contact)
    // What a colleague has changed is seen before it is tried again.
    void queryClient.invalidateQueries({ queryKey })
    toastError('The contact was not changed', error)
    return false
  }
}

/** Puts on what is new and takes off what is gone. */
export async function markContact(contact: Contact, what: 'tags' | 'lists', before: string[], after: string[]): Promise<void> {
  const add = after.filter((id) => !before.includes(id))
  const remove = before.filter((id) => !after.includes(id))
  if (add.length + remove.length === 0) return
  try {
    queryClient.setQueryData(contactQuery(contact.id).queryKey, await api.post<Contact>(`/contacts/${contact.id}/${what}`, { add, remove }))
    void queryClient.invalidateQueries({ queryKey: ['contacts'] })
  } catch (error) {
    toastError('The contact was not changed', error)
  }
}
