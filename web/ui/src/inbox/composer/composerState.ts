/** What the composer holds per conversation besides its text, so that switching conversations loses nothing. */
import { useSyncExternalStore } from 'react'
import { readDraft, writeDraft, type DraftMode } from '../../lib/drafts'
import { Emitter } from '../../lib/store'
import type { Entry, MediaKind, StoredFile } from '../../lib/types'
import { discardUnsent } from '../outbox'
import { getThread } from '../thread/threads'
import { setWritten } from '../translating/written'
import { startSeen } from './seen'

export interface Attachment {
  id: string
  name: string
  bytes: number
  /** null: the server has it already, from a canned reply or a message that was taken back */
  file: File | null
  kind: MediaKind
  /** 0 to 1 */
  progress: number
  stored: StoredFile | null
  error: string | null
  cancel: () => void
}

export interface ComposerState {
  mode: DraftMode
  /** the channel chosen by hand; null follows the customer */
  reachKey: string | null
  quote: Entry | null
  attachments: Attachment[]
}

const INITIAL: ComposerState = { mode: 'reply', reachKey: null, quote: null, attachments: [] }

const states = new Map<string, ComposerState>()
const changes = new Emitter()
const focusRequests = new Emitter()

export const onFocusRequest = focusRequests.subscribe

export function useComposer(conversationId: string): ComposerState {
  return useSyncExternalStore(changes.subscribe, () => states.get(conversationId) ?? INITIAL)
}

export function getComposer(conversationId: string): ComposerState {
  return states.get(conversationId) ?? INITIAL
}

export function updateComposer(conversationId: string, change: Partial<ComposerState>): void {
  states.set(conversationId, { ...getComposer(conversationId), ...change })
  changes.emit()
}

export function focusComposer(): void {
  // After the redraw: the text box may have been another one until now.
  requestAnimationFrame(() => focusRequests.emit())
}

export function quoteEntry(entry: Entry): void {
  if (!entry.conversation_id) return
  const key = entry.account_id && entry.address ? `${entry.account_id}|${entry.address}` : null
  // A quote can only be sent on the channel of what it quotes.
  updateComposer(entry.conversation_id, { mode: 'reply', quote: entry, ...(key && { reachKey: key }) })
  focusComposer()
}

/** Take messages that were not sent back into the composer. */
export function takeUnsentBack(conversationId: string, entries: Entry[]): void {
  takeIntoComposer(conversationId, entries)
  for (const entry of entries) discardUnsent(entry.client_id ?? '')
}

/** The words and files of these messages, before what has been written since. */
export function takeIntoComposer(conversationId: string, entries: Entry[]): void {
  const mode: DraftMode = entries[0]?.kind === 'note' ? 'note' : 'reply'
  const draft = readDraft(conversationId, mode)
  // The parts of one long text join without a seam.
  const text = entries.map((entry, index) => (index > 0 && isPart(entry) ? '' : '\n') + wordsOf(entry)).join('').trim()
  writeDraft(conversationId, mode, [text, draft].filter(Boolean).join('\n'))
  // With more in the box than was translated, what was written says only a part of it.
  if (mode === 'reply') setWritten(conversationId, draft ? null : (entries.find((entry) => entry.written)?.written ?? null))
  startSeen(conversationId, true)
  const { attachments } = getComposer(conversationId)
  const files = entries.flatMap((entry) => fileOf(entry) ?? [])
  const first = entries[0]
  const quoted = first?.reply_to && getThread(conversationId)?.entries.find((entry) => entry.id === first.reply_to?.entry_id)
  const key = first?.account_id && first.address ? `${first.account_id}|${first.address}` : null
  updateComposer(conversationId, {
    mode,
    attachments: [...files, ...attachments],
    ...(quoted && { quote: quoted }),
    ...(key && mode === 'reply' && { reachKey: key }),
  })
  focusComposer()
}

const isPart = (entry: Entry): boolean => entry.client_id?.includes('/') ?? false

function wordsOf({ content }: Entry): string {
  if (content?.type === 'text') return content.text
  return content?.type === 'media' ? (content.caption ?? '') : ''
}

function fileOf({ content }: Entry): Attachment | null {
  if (content?.type !== 'media' || !content.media.file_id) return null
  const { file_id, name, mime, bytes, url, thumb_url, width, height, kind } = content.media
  const stored: StoredFile = {
    file_id,
    kind,
    name: name ?? 'File',
    mime: mime ?? '',
    bytes: bytes ?? 0,
    url: url ?? '',
    thumb_url,
    width: width ?? null,
    height: height ?? null,
  }
  return attachmentOf(stored, kind)
}

/** A file that the server has already. */
export function attachmentOf(stored: StoredFile, kind: MediaKind): Attachment {
  const { name, bytes } = stored
  return { id: crypto.randomUUID(), name, bytes, file: null, kind, progress: 1, stored, error: null, cancel: () => {} }
}

export function updateAttachment(conversationId: string, attachmentId: string, change: Partial<Attachment>): void {
  const { attachments } = getComposer(conversationId)
  updateComposer(conversationId, {
    attachments: attachments.map((each) => (each.id === attachmentId ? { ...each, ...change } : each)),
  })
}

export function removeAttachment(conversationId: string, attachmentId: string): void {
  const { attachments } = getComposer(conversationId)
  attachments.find((each) => each.id === attachmentId)?.cancel()
  updateComposer(conversationId, { attachments: attachments.filter((each) => each.id !== attachmentId) })
}
