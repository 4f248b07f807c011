/** Contacts that are one person: what the server suggests, the result before it is made, merging and undoing it. */
import { useQuery } from '@tanstack/react-query'
import { api, query } from '../lib/api'
import { queryClient } from '../lib/query'
import { useCan } from '../lib/session'
import { toastError } from '../lib/toast'
import type { Contact, Duplicate, Merge, MergePreview, Page } from '../lib/types'
import { done } from '../lib/undo'

/** Sides by what is chosen: `name`, `fields/size`. */
export type Picks = Record<string, MergePreview['choices'][number]['pick']>

export function useDuplicates(contactId: string) {
  return useQuery({
    queryKey: ['contact', contactId, 'duplicates'],
    queryFn: ({ signal }) => api.get<Page<Duplicate>>(`/contacts/${contactId}/duplicates`, signal).then((page) => page.items),
    enabled: useCan('contacts.read'),
  })
}

export function useMerges(contactId: string, merged: number) {
  return useQuery({
    queryKey: ['contact', contactId, 'merges', merged],
    queryFn: ({ signal }) => api.get<Page<Merge>>(`/contacts/${contactId}/merges`, signal).then((page) => page.items),
    enabled: merged > 0,
  })
}

export function usePreview(intoId: string, fromId: string, picks: Picks) {
  return useQuery({
    queryKey: ['merge', intoId, fromId, picks],
    queryFn: ({ signal }) => api.get<MergePreview>(`/contacts/${intoId}/merge${query({ from_id: fromId, picks: Object.entries(picks).map(([field, side]) => `${field}:${side}`).join(',') })}`, signal),
    placeholderData: (before) => before,
    staleTime: 0,
    gcTime: 0,
  })
}

/** The merged contact. Throws what the server refuses. */
export async function mergeContacts(intoId: string, fromId: string, picks: Picks, version: string): Promise<Contact> {
  const contact = await api.post<Contact>(`/contacts/${intoId}/merge`, { from_id: fromId, picks: asSent(picks), version })
  contactsMerged()
  return contact
}

function asSent(picks: Picks) {
  const own = Object.entries(picks).filter(([field]) => field.startsWith('fields/'))
  const others = Object.entries(picks).filter(([field]) => !field.startsWith('fields/'))
  return { ...Object.fromEntries(others), fields: Object.fromEntries(own.map(([field, side]) => [field.slice('fields/'.length), side])) }
}

/** The contact that stands for itself again; null when it was refused, which has been said. */
export async function undoMerge(merge: Pick<Merge, 'id' | 'contact_name'>): Promise<Contact | null> {
  try {
    const contact = await api.post<Contact>(`/merges/${merge.id}/undo`)
    contactsMerged()
    return contact
  } catch (error) {
    toastError(`${merge.contact_name} was not parted`, error)
    return null
  }
}

/** They are two people: said once, with a way back. */
export async function tellApart(duplicate: Duplicate): Promise<void> {
  const [first, second] = duplicate.contacts
  if (!first || !second) return
  try {
    await api.post('/duplicates/dismiss', { contact_id: first.id, other_id: second.id })
    duplicatesChanged()
    done(`${first.name} and ${second.name} are not suggested again`, () => {
      api.post(`/duplicates/${duplicate.id}/restore`).then(duplicatesChanged, (error: unknown) => toastError('They are not suggested again', error))
    })
  } catch (error) {
    toastError('This was not kept', error)
  }
}

export function duplicatesChanged(): void {
  void queryClient.invalidateQueries({ queryKey: ['duplicates'] })
  void queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === 'contact' && queryKey[2] === 'duplicates' })
}

function contactsMerged(): void {
  duplicatesChanged()
  void queryClient.invalidateQueries({ queryKey: ['contact'] })
  void queryClient.invalidateQueries({ queryKey: ['contacts'] })
  void queryClient.invalidateQueries({ queryKey: ['tickets'] })
}
