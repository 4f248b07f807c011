/** Which contacts are shown, in which order; the lists that people have made; and doing one thing to many. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { followBulk } from '../inbox/list/bulk'
import { api } from '../lib/api'
import { Cell } from '../lib/store'
import type { BulkOut, ContactBulk, ContactList, FindingId } from '../lib/types'

export interface People {
  sort: 'newest' | 'name' | 'active' | 'health'
  tag: string
  list: string
  stage: string
  owner: string
  company: string
  role: string
  language: string
  risk: string
  /** what there is about them, of the data-health page */
  finding: string
}

export const EVERYBODY: People = { sort: 'newest', tag: '', list: '', stage: '', owner: '', company: '', role: '', language: '', risk: '', finding: '' }
export const LANGUAGES = ['en', 'fr', 'es', 'pt', 'de', 'it', 'nl', 'ar', 'hi', 'id', 'sw', 'zh', 'ja', 'tr', 'ru']
/** kept while one looks elsewhere */
export const people = new Cell<People>(EVERYBODY)
/** the rows that are chosen; `all` that match where it is said so */
export const chosenPeople = new Cell<{ ids: ReadonlySet<string>; all: boolean }>({ ids: new Set(), all: false })

export const choosePeople = (ids: Iterable<string>, all = false): void => chosenPeople.set({ ids: new Set(ids), all })

export function narrow(change: Partial<People>): void {
  people.set({ ...people.get(), ...change })
  choosePeople([])
}

export const isNarrowed = ({ sort: _, ...filters }: People): boolean => Object.values(filters).some(Boolean)

const listsQuery = queryOptions({
  queryKey: ['contact-lists'],
  queryFn: async ({ signal }) => (await api.get<{ items: ContactList[] }>('/contact-lists', signal)).items,
})
const NO_LISTS: ContactList[] = []

export const useLists = (): ContactList[] => useQuery(listsQuery).data ?? NO_LISTS

export async function changePeople(action: ContactBulk['action'], words: string): Promise<void> {
  const { ids, all } = chosenPeople.get()
  const { sort: _, list, ...filters } = people.get()
  const filter = Object.fromEntries(Object.entries({ ...filters, list_id: list }).filter(([, value]) => value))
  choosePeople([])
  await followBulk(api.post<BulkOut>('/contacts/bulk', all ? { action, filter } : { action, ids: [...ids] }), words)
}

/** Done to all who have this finding. */
export async function fixEverybody(finding: FindingId, action: ContactBulk['action'], words: string): Promise<void> {
  await followBulk(api.post<BulkOut>('/contacts/bulk', { action, filter: { finding } }), words)
}
