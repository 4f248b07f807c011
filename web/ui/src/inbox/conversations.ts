/** Every conversation this tab has seen, by id. Lists hold ids only; the newest revision wins. */
import { useSyncExternalStore } from 'react'
import { currentMe } from '../lib/session'
import { Emitter } from '../lib/store'
import type { Conversation } from '../lib/types'

const known = new Map<string, Conversation>()
const changes = new Emitter()

export function getConversation(id: string): Conversation | undefined {
  return known.get(id)
}

/** Take over what the server said, unless something newer is known; true when it was taken. */
export function putConversation(next: Conversation): boolean {
  const current = known.get(next.id)
  if (current && current.revision > next.revision) return false
  known.set(next.id, mine(next))
  return true
}

/** `unread` as I see it: the server counts for everybody else, and apart for those who have looked. */
function mine(next: Conversation): Conversation {
  const unread = next.unread_by[currentMe()?.member.id ?? '']
  return unread === undefined || unread === next.unread ? next : { ...next, unread }
}

/** It is no longer one that this person sees. */
export function dropConversation(id: string): void {
  known.delete(id)
}

/** Show a change before the server confirms it; the returned function takes it back unless the server spoke meanwhile. */
export function patchConversation(id: string, change: Partial<Conversation>): () => void {
  const before = known.get(id)
  if (!before) return () => {}
  const after = { ...before, ...change }
  known.set(id, after)
  changes.emit()
  return () => {
    if (known.get(id) !== after) return
    known.set(id, before)
    changes.emit()
  }
}

/** Tell those who watch. Separate from `putConversation`, so that a page of rows redraws once. */
export function conversationsChanged(): void {
  changes.emit()
}

export function useConversation(id: string | null): Conversation | undefined {
  return useSyncExternalStore(changes.subscribe, () => (id ? known.get(id) : undefined))
}

export { changes as conversationChanges }
