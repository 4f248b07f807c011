/** Taking back what was just sent: possible until the server lets it go, and what it said comes back into the composer. */
import { api } from '../../lib/api'
import { currentMe } from '../../lib/session'
import { toastError } from '../../lib/toast'
import type { Entry } from '../../lib/types'
import { applyEntries, getThread } from '../thread/threads'
import { takeIntoComposer } from './composerState'

export function canTakeBack(conversationId: string): boolean {
  return newestHeld(conversationId) !== undefined
}

/** False: there is none that still waits. */
export function takeBackNewest(conversationId: string): boolean {
  const entry = newestHeld(conversationId)
  if (entry) void takeBack(entry)
  return entry !== undefined
}

const asked = new Set<string>()

export async function takeBack(entry: Entry): Promise<void> {
  const id = entry.conversation_id
  if (!id || asked.has(entry.id)) return
  asked.add(entry.id)
  try {
    const { entries } = await api.post<{ entries: Entry[] }>(`/entries/${entry.id}/undo`)
    applyEntries(id, entries)
    takeIntoComposer(id, entries)
  } catch (error) {
    toastError('Not taken back', error)
  } finally {
    asked.delete(entry.id)
  }
}

function newestHeld(conversationId: string): Entry | undefined {
  const me = currentMe()?.member.id
  const now = Date.now()
  return getThread(conversationId)?.entries.findLast(
    (entry) =>
      entry.status === 'queued' && entry.author?.id === me && typeof entry.undo_until === 'string' && Date.parse(entry.undo_until) > now,
  )
}
