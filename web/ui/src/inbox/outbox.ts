/**
 * Messages and notes on their way to the server. They are drawn at once, kept in the browser until the server has
 * them, sent in order per conversation, and repeated under the same client id, so that none is lost or doubled.
 */
import { useSyncExternalStore } from 'react'
import { ApiError, api, messageOf } from '../lib/api'
import { currentMe } from '../lib/session'
import { Emitter } from '../lib/store'
import type { Content, Entry, Mention, OutgoingMessage, Quote, Reach, Written } from '../lib/types'
import { applyEntries } from './thread/threads'

const STORAGE_KEY = 'parley.outbox'
const RETRY_AFTER_MS = 4_000

interface Unsent {
  conversationId: string
  /** the message, or the text of a note */
  message: OutgoingMessage | null
  note: string | null
  /** what the thread shows meanwhile */
  entry: Entry
  /** the server said no; it is not repeated until somebody asks */
  refused: boolean
  /** refused because others wrote these first; somebody has to decide */
  newer?: Entry[]
  /** the decision was put off */
  later?: boolean
}

interface MessageToSend {
  conversationId: string
  contactId: string
  reach: Reach
  content: OutgoingMessage['content']
  /** as the thread draws it; differs from `content` for uploaded files */
  shown: Content
  quote: (Quote & { entry_id: string }) | null
  /** the newest entry that the writer had seen */
  seen: number
  /** what marketing is about */
  topic?: string
  /** what was written, where the content is a translation of it */
  written?: Written | null
}

const EMPTY: Entry[] = []
const changes = new Emitter()
const sending = new Set<string>()
let unsent: Unsent[] = restore()
let byConversation = group()
let heldBack = groupHeldBack()
let retryTimer: number | undefined

export function sendMessage({ conversationId, contactId, reach, content, shown, quote, seen, topic, written = null }: MessageToSend): void {
  const clientId = crypto.randomUUID()
  const undoSeconds = currentMe()?.member.preferences?.undo_seconds
  const message: OutgoingMessage = {
    client_id: clientId,
    account_id: reach.account_id,
    address: reach.address,
    content,
    purpose: 'service',
    seen,
    ...(undoSeconds && { undo_seconds: undoSeconds }),
    ...(quote && { reply_to_entry_id: quote.entry_id }),
    ...(topic && { topic }),
    ...(written && { written }),
  }
  const entry: Entry = {
    ...draftEntry(clientId, conversationId, contactId),
    kind: 'message',
    direction: 'out',
    channel: reach.channel,
    account_id: reach.account_id,
    address: reach.address,
    content: shown,
    reply_to: quote,
    written,
    status: 'queued',
  }
  enqueue({ conversationId, message, note: null, entry, refused: false })
}

export function sendNote(conversationId: string, contactId: string, text: string, mentions: Mention[]): void {
  const clientId = crypto.randomUUID()
  const entry: Entry = { ...draftEntry(clientId, conversationId, contactId), kind: 'note', content: { type: 'text', text }, mentions }
  enqueue({ conversationId, message: null, note: text, entry, refused: false })
}

/** The entries of a conversation that the server does not have yet. */
export function useUnsent(conversationId: string): Entry[] {
  return useSyncExternalStore(changes.subscribe, () => byConversation.get(conversationId) ?? EMPTY)
}

export function isUnsent(entry: Entry): boolean {
  return entry.client_id !== null && unsent.some((each) => each.entry.client_id === entry.client_id)
}

export function hasUnsent(): boolean {
  return unsent.some((each) => !each.refused)
}

export function resendUnsent(clientId: string): void {
  replace(clientId, ({ newer: _, later: __, ...each }) => ({ ...each, refused: false, entry: { ...each.entry, status: 'queued', error: null } }))
  retryUnsent()
}

interface HeldBack {
  entry: Entry
  newer: Entry[]
}

const NOTHING: HeldBack[] = []

/** What was refused because others wrote first, and nobody has decided about yet. */
export function useHeldBack(conversationId: string): HeldBack[] {
  return useSyncExternalStore(changes.subscribe, () => heldBack.get(conversationId) ?? NOTHING)
}

/** With what was shown taken note of, the messages go as they are. */
export function sendUnsentAnyway(conversationId: string): void {
  const known = Math.max(0, ...(heldBack.get(conversationId) ?? NOTHING).flatMap(({ newer }) => newer.map((entry) => entry.number)))
  store(
    unsent.map((each) => {
      if (each.conversationId !== conversationId || !each.newer || !each.message) return each
      const { newer: _, later: __, ...kept } = each
      const message = { ...each.message, seen: Math.max(known, each.message.seen ?? 0) }
      return { ...kept, message, refused: false, entry: { ...each.entry, status: 'queued', error: null } }
    }),
  )
  retryUnsent()
}

/** Leave them where they are, marked as not sent. */
export function reviewLater(conversationId: string): void {
  store(unsent.map((each) => (each.conversationId === conversationId && each.newer ? { ...each, later: true } : each)))
}

export function review(conversationId: string): void {
  store(unsent.map((each) => (each.conversationId === conversationId && each.newer ? { ...each, later: false } : each)))
}

export function discardUnsent(clientId: string): void {
  settle([clientId])
}

/** The server is known to have these: by its answer or by an event, whichever came first. */
export function settle(clientIds: string[]): void {
  const done = new Set(clientIds)
  const left = unsent.filter((each) => !done.has(each.entry.client_id ?? ''))
  if (left.length !== unsent.length) store(left)
}

export function retryUnsent(): void {
  for (const id of new Set(unsent.map((each) => each.conversationId))) void pump(id)
}

function enqueue(item: Unsent): void {
  store([...unsent, item])
  void pump(item.conversationId)
}

/** Send what waits in one conversation, one after the other: a later message must not overtake an earlier one. */
async function pump(conversationId: string): Promise<void> {
  if (sending.has(conversationId)) return
  sending.add(conversationId)
  try {
    for (;;) {
      const next = unsent.find((each) => each.conversationId === conversationId && !each.refused)
      if (!next) return
      const entries = await post(next)
      if (entries === null) continue
      applyEntries(conversationId, entries)
      settle([next.entry.client_id ?? ''])
    }
  } catch {
    clearTimeout(retryTimer)
    retryTimer = window.setTimeout(retryUnsent, RETRY_AFTER_MS)
  } finally {
    sending.delete(conversationId)
  }
}

/** Post one item. A refusal marks it and gives null; a missing answer is thrown. */
async function post(item: Unsent): Promise<Entry[] | null> {
  const clientId = item.entry.client_id ?? ''
  const path = `/conversations/${item.conversationId}`
  try {
    if (item.message) {
      const answer = await api.post<{ entries: Entry[] }>(`${path}/messages`, item.message, clientId)
      return answer.entries
    }
    return [await api.post<Entry>(`${path}/notes`, { client_id: clientId, text: item.note, mentions: item.entry.mentions.map(({ id }) => id) }, clientId)]
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500 || error.status === 429 || error.code === 'signed_out') throw error
    const refusal = { code: error.code, message: messageOf(error), provider_code: null, can_resend: true }
    const newer = error.problem.newer && { newer: error.problem.newer, later: false }
    replace(clientId, (each) => ({ ...each, ...newer, refused: true, entry: { ...each.entry, status: 'failed', error: refusal } }))
    if (newer) applyEntries(item.conversationId, newer.newer)
    return null
  }
}

function draftEntry(clientId: string, conversationId: string, contactId: string): Entry {
  const me = currentMe()?.member
  const now = new Date().toISOString()
  return {
    id: `unsent-${clientId}`,
    contact_id: contactId,
    conversation_id: conversationId,
    number: Number.MAX_SAFE_INTEGER,
    revision: 0,
    at: now,
    order_at: now,
    kind: 'message',
    direction: null,
    channel: null,
    account_id: null,
    address: null,
    author: { type: 'member', id: me?.id ?? null, name: me?.name ?? null },
    content: null,
    reply_to: null,
    reactions: [],
    mentions: [],
    translations: {},
    written: null,
    edited_at: null,
    deleted_at: null,
    undo_until: null,
    status: null,
    status_times: {},
    error: null,
    client_id: clientId,
    purpose: 'service',
    topic: null,
    event: null,
    referral: null,
    campaign: null,
    forwarded: false,
    group_id: null,
    ticket_id: null,
  }
}

function replace(clientId: string, change: (item: Unsent) => Unsent): void {
  store(unsent.map((each) => (each.entry.client_id === clientId ? change(each) : each)))
}

function store(next: Unsent[]): void {
  unsent = next
  byConversation = group()
  heldBack = groupHeldBack()
  try {
    if (unsent.length > 0) localStorage.setItem(STORAGE_KEY, JSON.stringify(unsent))
    else localStorage.removeItem(STORAGE_KEY)
  } catch {
    // Storage is full or blocked: the messages still live as long as the tab.
  }
  changes.emit()
}

function group(): Map<string, Entry[]> {
  const groups = Map.groupBy(unsent, (each) => each.conversationId)
  return new Map([...groups].map(([id, items]) => [id, items.map((item) => item.entry)]))
}

function groupHeldBack(): Map<string, HeldBack[]> {
  const held = unsent.filter((each) => each.newer && !each.later)
  const groups = Map.groupBy(held, (each) => each.conversationId)
  return new Map([...groups].map(([id, items]) => [id, items.map(({ entry, newer = [] }) => ({ entry, newer }))]))
}

function restore(): Unsent[] {
  try {
    return JSON.parse(localStorage.getItem(STORAGE_KEY) ?? '[]') as Unsent[]
  } catch {
    return []
  }
}
