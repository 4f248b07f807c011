/** What somebody wrote, of which the composer holds the translation; kept in the browser beside the draft. */
import { useSyncExternalStore } from 'react'
import { Emitter } from '../../lib/store'
import type { Written } from '../../lib/types'

const PREFIX = 'parley.written.'
const known = new Map<string, Written | null>()
const changes = new Emitter()

export function readWritten(conversationId: string): Written | null {
  let found = known.get(conversationId)
  if (found === undefined) known.set(conversationId, (found = stored(conversationId)))
  return found
}

export function useWritten(conversationId: string): Written | null {
  return useSyncExternalStore(changes.subscribe, () => readWritten(conversationId))
}

export function setWritten(conversationId: string, written: Written | null): void {
  if (written === readWritten(conversationId)) return
  known.set(conversationId, written)
  try {
    if (written) localStorage.setItem(PREFIX + conversationId, JSON.stringify(written))
    else localStorage.removeItem(PREFIX + conversationId)
  } catch {
    // Storage is full or blocked: it lives as long as the tab.
  }
  changes.emit()
}

function stored(conversationId: string): Written | null {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + conversationId) ?? 'null') as Written | null
  } catch {
    return null
  }
}
