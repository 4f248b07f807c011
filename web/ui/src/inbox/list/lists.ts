/** The lists in memory, and which of them is shown. A view left is kept, so that going back to it costs nothing. */
import { useSyncExternalStore } from 'react'
import { api, query } from '../../lib/api'
import { currentMe } from '../../lib/session'
import { Cell, useCell } from '../../lib/store'
import type { Conversation, Page } from '../../lib/types'
import { conversationsChanged, getConversation, putConversation } from '../conversations'
import { ConversationListStore, type Filter, type ListSource } from './listStore'

const PAGE_SIZE = 100
const MAX_LISTS = 8

const source: ListSource = {
  fetch: ({ view, channel, q }, cursor) =>
    api.get<Page<Conversation>>(`/conversations${query({ view, channel, q, cursor, limit: PAGE_SIZE })}`),
  put: putConversation,
  get: getConversation,
  memberId: () => currentMe()?.member.id,
}

const lists = new Map<string, ConversationListStore>()

export const filter = new Cell<Filter>({ view: 'open', channel: null, q: '' })

export function setFilter(change: Partial<Filter>): void {
  filter.update((current) => ({ ...current, ...change }))
}

export function currentList(): ConversationListStore {
  return listFor(filter.get())
}

/** The list shown; redraws with every change of its order. */
export function useList(): ConversationListStore {
  const list = listFor(useCell(filter))
  useSyncExternalStore(list.subscribe, list.snapshot)
  return list
}

/** Put conversations that changed in their place in every list, and tell all who show them. */
export function placeInLists(changed: Conversation[]): void {
  for (const list of lists.values()) {
    let moved = false
    for (const conversation of changed) moved = list.place(conversation) || moved
    if (moved) list.changed()
  }
  conversationsChanged()
}

/** Read the shown list again; the others are read when they are next opened. */
export function refreshLists(): void {
  const shown = currentList()
  for (const [key, list] of lists) if (list !== shown) lists.delete(key)
  void shown.refresh()
}

function listFor(wanted: Filter): ConversationListStore {
  const key = `${wanted.view}|${wanted.channel ?? ''}|${wanted.q}`
  let list = lists.get(key)
  if (list) {
    // The map's order is the order of use; the first is dropped when there are too many.
    lists.delete(key)
  } else {
    list = new ConversationListStore(wanted, source)
    void list.start()
  }
  lists.set(key, list)
  if (lists.size > MAX_LISTS) {
    const oldest = lists.keys().next().value
    if (oldest !== undefined) lists.delete(oldest)
  }
  return list
}
