/** Which entries speak against a draft; the server decides by the same rule. */
import type { Entry } from '../../lib/types'

export function newerThan(entries: Entry[], seen: number, myId: string | null): Entry[] {
  // From the end: a thread is long, and what is newer is at its end.
  const newer: Entry[] = []
  for (let index = entries.length - 1; index >= 0; index--) {
    const entry = entries[index]
    if (!entry || entry.number <= seen) break
    if (changesTheTalk(entry, myId)) newer.unshift(entry)
  }
  return newer
}

/** What the customer wrote, and what somebody else answered; own messages, notes and greetings of a machine do not. */
function changesTheTalk(entry: Entry, myId: string | null): boolean {
  if (entry.kind !== 'message' || entry.deleted_at || entry.status === 'cancelled') return false
  return entry.direction === 'in' || (entry.author?.type !== 'system' && entry.author?.id !== myId)
}
