/** What the composer holds per conversation besides its text, so that switching conversations loses nothing. */
import { useSyncExternalStore } from 'react'
import { readDraft, writeDraft, type DraftMode } from '../../lib/drafts'
import { Emitter } from '../../lib/store'
import type { Entry, MediaKind, StoredFile } from '../../lib/types'
import { discardUnsent } from '../outbox'

export interface Attachment {
  id: string
  file: File
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

/** Take a refused message back into the composer. */
export function editUnsent(entry: Entry, text: string): void {
  const id = entry.conversation_id
  if (!id || !entry.client_id) return
  const mode: DraftMode = entry.kind === 'note' ? 'note' : 'reply'
  const draft = readDraft(id, mode)
  writeDraft(id, mode, draft ? `${text}\n${draft}` : text)
  discardUnsent(entry.client_id)
  updateComposer(id, { mode })
  focusComposer()
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
