/** Turns entries into what a thread shows: days, the unread line, and bubbles that know their neighbours. */
import { dayKey, dayLabel } from '../../lib/format.ts'
import type { Entry } from '../../lib/types'

export type Item =
  | { type: 'day'; key: string; label: string }
  | { type: 'unread'; key: string }
  | { type: 'event'; key: string; entry: Entry }
  | {
      type: 'bubble'
      key: string
      entry: Entry
      /** first and last of a run by one author */
      first: boolean
      last: boolean
      /** the channel changed since the message before */
      channelMark: boolean
    }

/** Numbers tell the order of arrival; what a provider held up stands where it was written. */
export function inStoryOrder(entries: Entry[]): Entry[] {
  const held = entries.some((entry, index) => index > 0 && placeOf(entry) < placeOf(entries[index - 1]!))
  return held ? entries.toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : placeOf(a) > placeOf(b) ? 1 : a.number - b.number)) : entries
}

/** Times are ISO 8601 in UTC with milliseconds, so they compare as text. */
const placeOf = (entry: Entry): string => entry.order_at

const RUN_GAP_MS = 5 * 60_000

export function layoutThread(entries: Entry[], unsent: Entry[], unreadMark: number | null, now: number = Date.now()): Item[] {
  const items: Item[] = []
  const keys = new Set<string>()
  const story = inStoryOrder(entries)
  const all = unsent.length > 0 ? [...story, ...unsent] : story
  const interleaved = new Set(all.flatMap((entry) => (entry.kind === 'message' ? (entry.channel ?? []) : []))).size > 1
  let day = ''
  let before: Entry | null = null
  let channel: string | null = null

  for (const [index, entry] of all.entries()) {
    const entryDay = dayKey(entry.at)
    if (entryDay !== day) {
      day = entryDay
      items.push({ type: 'day', key: `day-${entryDay}`, label: dayLabel(entry.at, now) })
      before = null
    }
    if (entry.number === unreadMark) {
      items.push({ type: 'unread', key: 'unread' })
      before = null
    }
    if (entry.status === 'cancelled' && entry.client_id?.includes('/')) continue
    const key = keyOf(entry, keys)
    if (!isBubble(entry)) {
      items.push({ type: 'event', key, entry })
      before = null
      continue
    }
    const next = all[index + 1]
    const channelChanged = entry.kind === 'message' && channel !== null && entry.channel !== channel
    items.push({
      type: 'bubble',
      key,
      entry,
      first: before === null || channelChanged || !sameRun(before, entry),
      last: next === undefined || !isBubble(next) || dayKey(next.at) !== day || !sameRun(entry, next),
      channelMark: interleaved && entry.kind === 'message' && (channel === null || channelChanged),
    })
    if (entry.kind === 'message') channel = entry.channel
    before = entry
  }
  return items
}

export function isBubble(entry: Entry): boolean {
  return (entry.kind === 'message' && entry.status !== 'cancelled') || entry.kind === 'note'
}

/** The client id, so that a bubble stays the same element when the server's entry takes its place. */
function keyOf(entry: Entry, taken: Set<string>): string {
  // A long text becomes several entries under one client id.
  const key = entry.client_id && !taken.has(entry.client_id) ? entry.client_id : entry.id
  taken.add(key)
  return key
}

function sameRun(a: Entry, b: Entry): boolean {
  return (
    a.kind === b.kind &&
    a.direction === b.direction &&
    a.author?.id === b.author?.id &&
    a.channel === b.channel &&
    Date.parse(b.at) - Date.parse(a.at) < RUN_GAP_MS
  )
}
