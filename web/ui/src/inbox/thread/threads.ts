/** The entries of the conversations read so far. Live events keep them fresh, so opening one again needs no request. */
import { useSyncExternalStore } from 'react'
import { api, query } from '../../lib/api'
import { Emitter } from '../../lib/store'
import type { Entry } from '../../lib/types'
import { firstUnread, mergeEntries } from './entries'

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
}

interface EntriesPage {
  items: Entry[]
  has_more: boolean
}

const EMPTY: Thread = { entries: [], status: 'loading', error: null, hasOlder: false, loadingOlder: false, unreadMark: null }

const threads = new Map<string, Thread>()
/** those whose newest page is on its way */
const reading = new Map<string, { stop: AbortController; done: Promise<void> }>()
const changes = new Emitter()

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
  const thread = threads.get(id)
  const first = thread?.entries[0]
  if (!thread?.hasOlder || thread.loadingOlder || !first) return
  update(id, { loadingOlder: true })
  try {
    const page = await api.get<EntriesPage>(`/conversations/${id}/entries${query({ before: first.number, limit: PAGE_SIZE })}`)
    const current = threads.get(id)
    if (current) update(id, { entries: mergeEntries(current.entries, page.items), hasOlder: page.has_more })
  } catch {
    // Scrolling up once more asks again.
  } finally {
    update(id, { loadingOlder: false })
  }
}

/** Keep loading older pages until the entry is there; false when it is not in this conversation. */
export async function loadUntil(id: string, entryId: string): Promise<boolean> {
  for (;;) {
    const thread = threads.get(id)
    if (!thread) return false
    if (thread.entries.some((entry) => entry.id === entryId)) return true
    if (!thread.hasOlder) return false
    const before = thread.entries.length
    await loadOlder(id)
    if (threads.get(id)?.entries.length === before) return false
  }
}

export function applyEntries(id: string, incoming: Entry[]): void {
  const thread = threads.get(id)
  if (!thread) return
  const entries = mergeEntries(thread.entries, incoming)
  if (entries !== thread.entries) update(id, { entries })
}

/** Show a change of one entry before the server confirms it; the returned function takes it back. */
export function patchEntry(entry: Entry, change: Partial<Entry>): () => void {
  const id = entry.conversation_id
  const thread = id ? threads.get(id) : undefined
  if (!id || !thread) return () => {}
  const after = { ...entry, ...change }
  update(id, { entries: thread.entries.map((each) => (each.id === entry.id ? after : each)) })
  return () => {
    const current = threads.get(id)
    if (current) update(id, { entries: current.entries.map((each) => (each === after ? entry : each)) })
  }
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

function update(id: string, change: Partial<Thread>): void {
  const thread = threads.get(id)
  if (!thread) return
  threads.set(id, { ...thread, ...change })
  changes.emit()
}
