/** The entries of the conversations read so far. Live events keep them fresh, so opening one again needs no request. */
import { useSyncExternalStore } from 'react'
import { ApiError, api, query } from '../../lib/api'
import { Cell, Emitter } from '../../lib/store'
import type { Entry } from '../../lib/types'
import { firstUnread, mergeEntries, reachedBy } from './entries'

const PAGE_SIZE = 50
const MAX_THREADS = 60

export interface Thread {
  entries: Entry[]
  status: 'loading' | 'ready' | 'error'
  error: unknown
  hasOlder: boolean
  loadingOlder: boolean
  /** the number before which the line "New" stands */
  unreadMark: number | null
  /** what is shown instead, where one went back to a place that the pages read so far do not reach */
  past: Past | null
}

/** A part of the thread with a gap to its newest page, which is kept up to date meanwhile. */
export interface Past {
  entries: Entry[]
  hasOlder: boolean
  loadingOlder: boolean
}

/** An entry, or the first one from a time on. */
export type Place = { entryId: string } | { at: string }

interface EntriesPage {
  items: Entry[]
  has_more: boolean
}

interface AroundPage {
  items: Entry[]
  entry_id: string | null
  has_older: boolean
  has_newer: boolean
}

const EMPTY: Thread = { entries: [], status: 'loading', error: null, hasOlder: false, loadingOlder: false, unreadMark: null, past: null }

const threads = new Map<string, Thread>()
/** those whose newest page is on its way */
const reading = new Map<string, { stop: AbortController; done: Promise<void> }>()
/** those of which a newer page is on its way */
const newer = new Set<string>()
const changes = new Emitter()

/** How often the threads were forgotten: for the first time when the stream is joined, as what was read before may be old. */
export const forgotten = new Cell(0)

export function useThread(id: string): Thread {
  return useSyncExternalStore(changes.subscribe, () => threads.get(id) ?? EMPTY)
}

export function getThread(id: string): Thread | undefined {
  return threads.get(id)
}

/** Read the newest page, unless the thread is in memory; ends when it is there, or could not be read. */
export function loadThread(id: string): Promise<void> {
  const known = threads.get(id)
  if (known && known.status !== 'error') {
    // The map's order is the order of use.
    threads.delete(id)
    threads.set(id, known)
    return reading.get(id)?.done ?? Promise.resolve()
  }
  threads.set(id, EMPTY)
  for (const oldest of threads.keys()) {
    if (threads.size <= MAX_THREADS) break
    threads.delete(oldest)
  }
  changes.emit()
  return readNewest(id)
}

/**
 * Read what is likely to be opened next, and stop reading what no longer is. Nothing is marked as read by it: that is
 * done by whoever looks (`useMarkRead`).
 */
export async function readAhead(ids: string[], openId: string | null): Promise<void> {
  for (const [id, { stop }] of reading) {
    if (id === openId || ids.includes(id) || threads.get(id)?.status === 'ready') continue
    stop.abort()
    threads.delete(id)
  }
  await Promise.all(ids.map(loadThread))
}

export async function loadOlder(id: string): Promise<void> {
  const shown = shownOf(id)
  const first = shown?.entries[0]
  if (!shown?.hasOlder || shown.loadingOlder || !first) return
  updateShown(id, { loadingOlder: true })
  try {
    const page = await api.get<EntriesPage>(`/conversations/${id}/entries${query({ before: first.number, limit: PAGE_SIZE })}`)
    const current = shownOf(id)
    // Meanwhile one may have gone to another place.
    if (current?.entries[0]?.id === first.id) {
      updateShown(id, { entries: mergeEntries(current.entries, page.items), hasOlder: page.has_more })
    }
  } catch {
    // Scrolling up once more asks again.
  } finally {
    updateShown(id, { loadingOlder: false })
  }
}

/** Of a part with a gap behind it, the next page; until it meets the newest one. */
export async function loadNewer(id: string): Promise<void> {
  const last = threads.get(id)?.past?.entries.at(-1)
  if (!last || newer.has(id)) return
  newer.add(id)
  try {
    const page = await api.get<EntriesPage>(`/conversations/${id}/entries${query({ after: last.number, limit: PAGE_SIZE })}`)
    const past = threads.get(id)?.past
    if (past?.entries.at(-1)?.id === last.id) show(id, { ...past, entries: mergeEntries(past.entries, page.items) }, page.has_more)
  } catch {
    // Scrolling down once more asks again.
  } finally {
    newer.delete(id)
  }
}

/** Back to the newest page. */
export function leavePast(id: string): void {
  if (threads.get(id)?.past) update(id, { past: null })
}

/**
 * See to it that a place is shown, with what is around it, in one request; the entry there, or null when it is not in
 * this conversation. Fails when it cannot be read.
 */
export async function loadPlace(id: string, place: Place): Promise<string | null> {
  const thread = threads.get(id)
  if (!thread) return null
  if ('entryId' in place) {
    const holds = (part: Past | null) => part?.entries.some((entry) => entry.id === place.entryId)
    if (holds(thread.past)) return place.entryId
    if (holds(thread)) {
      leavePast(id)
      return place.entryId
    }
  }
  const asked = 'entryId' in place ? { entry_id: place.entryId } : { at: place.at }
  try {
    const page = await api.get<AroundPage>(`/conversations/${id}/entries/around${query({ ...asked, limit: PAGE_SIZE })}`)
    show(id, { entries: page.items, hasOlder: page.has_older, loadingOlder: false }, page.has_newer)
    return page.entry_id ?? page.items.at(-1)?.id ?? null
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null
    throw error
  }
}

/** Show a part of the thread, joined with the newest pages where they meet. */
function show(id: string, part: Past, hasNewer: boolean): void {
  const thread = threads.get(id)
  if (!thread) return
  const [first, last] = [part.entries[0], part.entries.at(-1)]
  const [firstKnown] = thread.entries
  if (hasNewer && firstKnown && (!last || last.number < firstKnown.number)) {
    update(id, { past: part })
    return
  }
  const reachesBack = !firstKnown || (first !== undefined && first.number < firstKnown.number)
  update(id, {
    entries: mergeEntries(thread.entries, part.entries),
    past: null,
    ...(reachesBack && { hasOlder: part.hasOlder }),
  })
}

export function applyEntries(id: string, incoming: Entry[]): void {
  const thread = threads.get(id)
  if (!thread) return
  const entries = mergeEntries(thread.entries, reachedBy(thread.entries, incoming, thread.hasOlder))
  if (entries !== thread.entries) update(id, { entries })
  const { past } = thread
  // What is new is beyond the gap.
  const known = incoming.filter(({ id: entryId }) => past?.entries.some((each) => each.id === entryId))
  if (past && known.length > 0) update(id, { past: { ...past, entries: mergeEntries(past.entries, known) } })
}

/** Show a change of one entry before the server confirms it; the returned function takes it back. */
export function patchEntry(entry: Entry, change: Partial<Entry>): () => void {
  const id = entry.conversation_id
  const thread = id ? threads.get(id) : undefined
  if (!id || !thread) return () => {}
  const after = { ...entry, ...change }
  const put = (how: (each: Entry) => Entry) => {
    const current = threads.get(id)
    if (!current) return
    const past = current.past && { ...current.past, entries: current.past.entries.map(how) }
    update(id, { entries: current.entries.map(how), past })
  }
  put((each) => (each.id === entry.id ? after : each))
  return () => put((each) => (each === after ? entry : each))
}

/** Draw the line before the newest `unread` inbound messages, or remove it with 0. */
export function markUnreadFrom(id: string, unread: number): void {
  const thread = threads.get(id)
  if (thread) update(id, { unreadMark: firstUnread(thread.entries, unread) })
}

/** It is not one that this person sees any more. */
export function forgetThread(id: string): void {
  if (threads.delete(id)) changes.emit()
}

/** The stream has a gap: read the open thread again and forget the others. */
export function refreshThreads(openId: string | null): void {
  for (const id of threads.keys()) if (id !== openId) threads.delete(id)
  if (openId && threads.has(openId)) void readNewest(openId)
  forgotten.update((times) => times + 1)
}

/** Contacts were merged or parted: what is read here is another story. */
export function rereadThread(id: string, isOpen: boolean): void {
  forgetThread(id)
  if (isOpen) void loadThread(id)
}

function readNewest(id: string): Promise<void> {
  // What was asked for earlier may tell less.
  reading.get(id)?.stop.abort()
  const stop = new AbortController()
  const done = askNewest(id, stop.signal).finally(() => {
    if (reading.get(id)?.stop === stop) reading.delete(id)
  })
  reading.set(id, { stop, done })
  return done
}

async function askNewest(id: string, signal: AbortSignal): Promise<void> {
  try {
    const page = await api.get<EntriesPage>(`/conversations/${id}/entries${query({ limit: PAGE_SIZE })}`, signal)
    const thread = threads.get(id)
    if (!thread) return
    const oldestRead = page.items[0]?.number ?? 0
    const newestKnown = thread.entries.at(-1)?.number ?? 0
    // Older pages stay only when the new page touches them; else there would be a hole nobody sees.
    const touches = thread.status === 'ready' && newestKnown >= oldestRead
    const base = touches ? thread.entries : thread.entries.filter((entry) => entry.number > oldestRead)
    update(id, {
      entries: mergeEntries(base, page.items),
      hasOlder: touches ? thread.hasOlder : page.has_more,
      status: 'ready',
      error: null,
    })
  } catch (error) {
    if (!signal.aborted && threads.get(id)?.status === 'loading') update(id, { status: 'error', error })
  }
}

function shownOf(id: string): Past | undefined {
  const thread = threads.get(id)
  return thread?.past ?? thread
}

function updateShown(id: string, change: Partial<Past>): void {
  const past = threads.get(id)?.past
  update(id, past ? { past: { ...past, ...change } } : change)
}

function update(id: string, change: Partial<Thread>): void {
  const thread = threads.get(id)
  if (!thread) return
  threads.set(id, { ...thread, ...change })
  changes.emit()
}
