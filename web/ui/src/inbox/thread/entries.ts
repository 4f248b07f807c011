/** Rules for a list of entries in order of their numbers. */
import type { Entry } from '../../lib/types'

/** The list with the entries put in: a newer revision replaces, an older one changes nothing. */
export function mergeEntries(current: Entry[], incoming: Entry[]): Entry[] {
  let result = current
  for (const entry of incoming) {
    const at = result.findLastIndex((each) => each.id === entry.id)
    if (at >= 0) {
      const known = result[at]
      // Its place is that of the thread: a tick tells the number under which the entry is stored.
      if (known && known.revision < entry.revision) result = result.with(at, { ...entry, number: known.number })
      continue
    }
    const after = result.findLastIndex((each) => each.number < entry.number)
    result = result.toSpliced(after + 1, 0, entry)
  }
  return result
}

/** Of what is told those that the pages read so far reach: an older one comes with its page, else what lies between would seem to be read. */
export function reachedBy(current: Entry[], incoming: Entry[], hasOlder: boolean): Entry[] {
  const [first] = current
  if (!first || !hasOlder) return incoming
  // A message that is known keeps its place, whatever number it is told under.
  return incoming.filter((entry) => entry.number > first.number || current.some(({ id }) => id === entry.id))
}

/** The number of the first of the newest `unread` inbound messages; null when there is nothing to mark. */
export function firstUnread(entries: Entry[], unread: number): number | null {
  let left = unread
  let found: number | null = null
  for (let index = entries.length - 1; index >= 0 && left > 0; index--) {
    const entry = entries[index]
    if (entry?.kind === 'message' && entry.direction === 'in') {
      found = entry.number
      left -= 1
    }
  }
  return found
}
