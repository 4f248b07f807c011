/** The lists in memory, and which of them is shown. A view left is kept, so that going back to it costs nothing. */
import { useSyncExternalStore } from 'react'
import { api, query } from '../../lib/api'
import { currentMe } from '../../lib/session'
import { Cell, useCell } from '../../lib/store'
import type { Conversation, Page, SavedView, View } from '../../lib/types'
import type { Rule } from '../../rules/rules'
import { conversationsChanged, getConversation, putConversation } from '../conversations'
import { ConversationListStore, EVERYTHING, type Filter, type ListSource } from './listStore'

const PAGE_SIZE = 100
const MAX_LISTS = 8

const source: ListSource = {
  fetch: (wanted, cursor) => api.get<Page<Conversation>>(`/conversations${query({ ...asQuery(wanted), cursor, limit: PAGE_SIZE })}`),
  put: putConversation,
  get: getConversation,
  memberId: () => currentMe()?.member.id,
}

const lists = new Map<string, ConversationListStore>()

export const filter = new Cell<Filter>(filterInAddress())

export function setFilter(change: Partial<Filter>): void {
  filter.update((current) => ({ ...current, ...change }))
  const { q: _, ...kept } = filter.get()
  history.replaceState(history.state, '', `${location.pathname}${query(asQuery({ ...kept, q: '' }, 'open'))}`)
}

/** While something is searched for: the conversations of the list with that name, or all messages, people and tickets. */
export const everywhere = new Cell(false)

/** All filters off; the view stays. */
export function clearFilters(): void {
  setFilter({ ...EVERYTHING, view: filter.get().view })
}

/** As the API and the address have it; a view that goes without saying is left out. */
export function asQuery(wanted: Filter, unsaid?: View): Record<string, string | undefined> {
  const listed = (values: string[]) => (values.length > 0 ? values.join(',') : undefined)
  return {
    view: wanted.view === unsaid ? undefined : wanted.view,
    channel: listed(wanted.channels),
    tag: listed(wanted.tags),
    assignee: listed(wanted.assignees),
    team: listed(wanted.teams),
    priority: listed(wanted.priorities),
    unread: wanted.unread ? 'true' : undefined,
    since: wanted.since ?? undefined,
    until: wanted.until ?? undefined,
    q: wanted.q || undefined,
  }
}

/** The same in the rule language, to be saved as a view; a saved view's own rule comes first. */
export function asRule(wanted: Filter, saved?: SavedView): Rule {
  const me = currentMe()?.member.id ?? ''
  const parts: Rule[] = saved ? [saved.rule as Rule] : []
  const assigned = wanted.assignees.filter((each) => each !== 'none').map((each) => (each === 'me' ? me : each))
  const nobody: Rule = { field: 'assignee', op: 'not_set' }
  if (wanted.view === 'mine') parts.push({ field: 'assignee', op: 'is', value: me })
  if (wanted.view === 'unassigned') parts.push(nobody)
  if (wanted.view === 'snoozed') parts.push({ field: 'state', op: 'is', value: 'snoozed' })
  if (wanted.view === 'waiting') parts.push({ field: 'waiting_since', op: 'is_set' })
  if (wanted.view === 'unread' || wanted.unread) parts.push({ field: 'unread', op: 'is', value: true })
  if (wanted.view === 'closing') parts.push({ field: 'window_closes_at', op: 'within_next', value: { amount: 4, unit: 'hours' } })
  if (wanted.channels.length > 0) parts.push({ field: 'channels', op: 'has_any', value: wanted.channels })
  if (wanted.tags.length > 0) parts.push({ field: 'tags', op: 'has_any', value: wanted.tags })
  if (wanted.teams.length > 0) parts.push({ field: 'team', op: 'in', value: wanted.teams })
  if (wanted.priorities.length > 0) parts.push({ field: 'priority', op: 'in', value: wanted.priorities })
  if (assigned.length > 0) {
    const some: Rule = { field: 'assignee', op: 'in', value: assigned }
    parts.push(wanted.assignees.includes('none') ? { any: [nobody, some] } : some)
  } else if (wanted.assignees.includes('none')) parts.push(nobody)
  if (wanted.since) parts.push({ field: 'last_activity_at', op: 'after', value: wanted.since })
  if (wanted.until) parts.push({ field: 'last_activity_at', op: 'before', value: wanted.until })
  return { all: parts }
}

function filterInAddress(): Filter {
  const given = new URLSearchParams(location.pathname.startsWith('/inbox') ? location.search : '')
  const listed = (name: string) => given.get(name)?.split(',').filter(Boolean) ?? []
  return {
    ...EVERYTHING,
    view: given.get('view') ?? 'open',
    channels: listed('channel') as Filter['channels'],
    tags: listed('tag'),
    assignees: listed('assignee'),
    teams: listed('team'),
    priorities: listed('priority') as Filter['priorities'],
    unread: given.get('unread') === 'true',
    since: given.get('since'),
    until: given.get('until'),
  }
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

/** Put conversations that changed in their place in every list, and tell all who show them; `own`: I changed them. */
export function placeInLists(changed: Conversation[], own = false): void {
  for (const list of lists.values()) {
    let moved = false
    for (const conversation of changed) moved = list.place(conversation, own) || moved
    if (moved) list.changed()
  }
  conversationsChanged()
}

/** Take conversations out of every list. */
export function removeFromLists(ids: string[]): void {
  for (const list of lists.values()) {
    if (ids.filter((id) => list.remove(id)).length > 0) list.changed()
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
  const key = JSON.stringify(wanted)
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
