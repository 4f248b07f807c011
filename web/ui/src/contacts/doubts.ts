/** Handles that may be somebody else's by now. */
import { api } from '../lib/api'
import { queryClient } from '../lib/query'
import type { Contact, ContactAddress, PrivateParts, Verify } from '../lib/types'
import { contactQuery } from './contactQuery'
import { destinationsQuery } from './destinations'

export const HOW: Record<Verify['how'], string> = {
  asked: 'They answered a question only they can',
  code: 'By a code that they got elsewhere',
  document: 'By a document',
  known: 'I know them, by voice or in person',
}

export type Doubted = ContactAddress & { doubt: NonNullable<ContactAddress['doubt']> }

export const doubtedOf = (contact: Contact): Doubted[] => contact.addresses.filter((each): each is Doubted => each.doubt?.asks === true)

function keep(contact: Contact): void {
  queryClient.setQueryData(contactQuery(contact.id).queryKey, contact)
  void queryClient.invalidateQueries({ queryKey: ['contact', contact.id] })
}

export async function verify(contact: Contact, said: Verify): Promise<void> {
  keep(await api.post<Contact>(`/contacts/${contact.id}/doubts/verify`, said))
}

/** The contact of the new person. */
export async function newPerson(contact: Contact, address: string, name: string): Promise<Contact> {
  const made = await api.post<Contact>(`/contacts/${contact.id}/doubts/new-person`, { address, name })
  void queryClient.invalidateQueries({ queryKey: ['contact', contact.id] })
  keep(made)
  return made
}

/** What is folded away, on this screen until it looks anew; that somebody looked is noted. */
export async function showPrivate(contact: Contact): Promise<void> {
  const shown = await api.post<PrivateParts>(`/contacts/${contact.id}/doubts/show`)
  queryClient.setQueryData(contactQuery(contact.id).queryKey, { ...contact, folded: false, fields: { ...contact.fields, ...shown.fields } })
  queryClient.setQueryData(destinationsQuery(contact.id).queryKey, { items: shown.destinations, folded: false })
}
