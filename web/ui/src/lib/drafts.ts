/** Unsent text by conversation and mode. It is kept in the browser at once, so that a reload loses nothing. */
import { useSyncExternalStore } from 'react'
import { Emitter } from './store.ts'

export type DraftMode = 'reply' | 'note'

const PREFIX = 'parley.draft.'
const WRITE_AFTER_MS = 200

const texts = new Map<string, string>()
const unwritten = new Set<string>()
const changes = new Emitter()
let onWritten: (conversationId: string, mode: DraftMode) => void = () => {}
let timer: ReturnType<typeof setTimeout> | undefined

export function readDraft(conversationId: string, mode: DraftMode): string {
  const key = keyOf(conversationId, mode)
  let text = texts.get(key)
  if (text === undefined) texts.set(key, (text = readStored(key)))
  return text
}

export function useDraft(conversationId: string, mode: DraftMode): string {
  return useSyncExternalStore(changes.subscribe, () => readDraft(conversationId, mode))
}

/** Remember the text; storage is written a moment later, because it is slow and keys come fast. */
export function writeDraft(conversationId: string, mode: DraftMode, text: string): void {
  const key = keyOf(conversationId, mode)
  texts.set(key, text)
  unwritten.add(key)
  clearTimeout(timer)
  timer = setTimeout(flushDrafts, WRITE_AFTER_MS)
  changes.emit()
  onWritten(conversationId, mode)
}

/** Be told of every change: the server's copy follows. */
export function whenWritten(listener: typeof onWritten): void {
  onWritten = listener
}

export function flushDrafts(): void {
  clearTimeout(timer)
  for (const key of unwritten) {
    const text = texts.get(key)
    try {
      if (text) localStorage.setItem(key, text)
      else localStorage.removeItem(key)
    } catch {
      // Storage is full or blocked: the draft still lives as long as the tab.
      continue
    }
    unwritten.delete(key)
  }
}

/** Forget what is in memory; the next read asks the storage again. */
export function forgetDrafts(): void {
  texts.clear()
  unwritten.clear()
}

function readStored(key: string): string {
  try {
    return localStorage.getItem(key) ?? ''
  } catch {
    return ''
  }
}

function keyOf(conversationId: string, mode: DraftMode): string {
  return `${PREFIX}${conversationId}.${mode}`
}
