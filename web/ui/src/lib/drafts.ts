/** Unsent text by conversation and mode. It is kept in the browser at once, so that a reload loses nothing. */

export type DraftMode = 'reply' | 'note'

const PREFIX = 'parley.draft.'
const WRITE_AFTER_MS = 200

const pending = new Map<string, string>()
let timer: ReturnType<typeof setTimeout> | undefined

export function readDraft(conversationId: string, mode: DraftMode): string {
  const key = keyOf(conversationId, mode)
  const unwritten = pending.get(key)
  if (unwritten !== undefined) return unwritten
  try {
    return localStorage.getItem(key) ?? ''
  } catch {
    return ''
  }
}

/** Remember the text; storage is written a moment later, because it is slow and keys come fast. */
export function writeDraft(conversationId: string, mode: DraftMode, text: string): void {
  pending.set(keyOf(conversationId, mode), text)
  clearTimeout(timer)
  timer = setTimeout(flushDrafts, WRITE_AFTER_MS)
}

export function flushDrafts(): void {
  clearTimeout(timer)
  for (const [key, text] of pending) {
    try {
      if (text) localStorage.setItem(key, text)
      else localStorage.removeItem(key)
    } catch {
      // Storage is full or blocked: the draft still lives as long as the tab.
      continue
    }
    pending.delete(key)
  }
}

export function hasDrafts(): boolean {
  flushDrafts()
  try {
    return Object.keys(localStorage).some((key) => key.startsWith(PREFIX))
  } catch {
    return pending.size > 0
  }
}

function keyOf(conversationId: string, mode: DraftMode): string {
  return `${PREFIX}${conversationId}.${mode}`
}
