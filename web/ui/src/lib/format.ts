/** Times, sizes and names for people. Formatters are made once: making one per bubble costs more than drawing it. */

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const WEEKDAY = new Intl.DateTimeFormat(undefined, { weekday: 'long' })
const WEEKDAY_SHORT = new Intl.DateTimeFormat(undefined, { weekday: 'short' })
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const DAY_YEAR = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' })
const LONG_DAY = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' })
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const NUMBER = new Intl.NumberFormat()

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY_MS = 24 * HOUR

export const clock = (iso: string): string => CLOCK.format(new Date(iso))
export const fullTime = (iso: string): string => FULL.format(new Date(iso))
export const shortDay = (iso: string): string => DAY_YEAR.format(new Date(iso))
export const count = (value: number): string => NUMBER.format(value)

/** A count for a narrow place: 950, 1.2k, 100k. */
export function shortCount(value: number): string {
  if (value < 1000) return String(value)
  if (value < 10_000) return `${Math.floor(value / 100) / 10}k`.replace('.0k', 'k')
  if (value < 1_000_000) return `${Math.floor(value / 1000)}k`
  return `${Math.floor(value / 100_000) / 10}M`
}

/** When it was, as a list row tells it: now, 5m, 14:02, Mon, 3 Feb. */
export function listTime(iso: string, now: number = Date.now()): string {
  const at = Date.parse(iso)
  const age = now - at
  if (age < MINUTE) return 'now'
  if (age < HOUR) return `${Math.floor(age / MINUTE)}m`
  const days = daysBetween(at, now)
  if (days === 0) return CLOCK.format(at)
  if (days === 1) return 'Yesterday'
  if (days < 7) return WEEKDAY_SHORT.format(at)
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? DAY.format(at) : DAY_YEAR.format(at)
}

/** When it will be, for a narrow place: 14:02, tomorrow, Mon, 3 Feb. */
export function upcoming(iso: string, now: number = Date.now()): string {
  const at = Date.parse(iso)
  const days = daysBetween(now, at)
  if (days <= 0) return CLOCK.format(at)
  if (days === 1) return 'Tomorrow'
  if (days < 7) return WEEKDAY_SHORT.format(at)
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? DAY.format(at) : DAY_YEAR.format(at)
}

/** The line between two days of a thread. */
export function dayLabel(iso: string, now: number = Date.now()): string {
  const at = Date.parse(iso)
  const days = daysBetween(at, now)
  if (days === 0) return 'Today'
  if (days === 1) return 'Yesterday'
  if (days > 1 && days < 7) return WEEKDAY.format(at)
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? LONG_DAY.format(at) : DAY_YEAR.format(at)
}

/** A key that is equal for two times of one local day. */
export function dayKey(iso: string): string {
  const date = new Date(iso)
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`
}

/** How long ago, in words: just now, 5 min ago, 3 h ago, yesterday, 3 Feb. */
export function ago(iso: string | null, now: number = Date.now()): string {
  if (!iso) return 'never'
  const age = now - Date.parse(iso)
  if (age < MINUTE) return 'just now'
  if (age < HOUR) return `${Math.floor(age / MINUTE)} min ago`
  if (age < DAY_MS) return `${Math.floor(age / HOUR)} h ago`
  if (daysBetween(Date.parse(iso), now) === 1) return 'yesterday'
  return shortDay(iso)
}

/** What is left of a span: 19 h 42 m, 42 m, under a minute. */
export function remaining(ms: number): string {
  if (ms < MINUTE) return 'under a minute'
  const minutes = Math.floor(ms / MINUTE)
  if (minutes < 60) return `${minutes} m`
  if (minutes < 48 * 60) return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} m`
  return `${Math.floor(minutes / (24 * 60))} days`
}

/** 0:07, 3:41, 1:02:09 */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const parts = [Math.floor(whole / 60) % 60, whole % 60]
  const hours = Math.floor(whole / 3600)
  const tail = String(parts[1]).padStart(2, '0')
  return hours > 0 ? `${hours}:${String(parts[0]).padStart(2, '0')}:${tail}` : `${parts[0]}:${tail}`
}

export function fileSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`
  return `${(bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0)} MB`
}

/** Up to two letters for an avatar; a number or a name without letters gives none. */
export function initials(name: string): string {
  const letters = name
    .split(/[\s._-]+/)
    .map((word) => Array.from(word)[0] ?? '')
    .filter((letter) => /\p{L}/u.test(letter))
  const first = letters[0] ?? ''
  const last = letters.length > 1 ? (letters.at(-1) ?? '') : ''
  return (first + last).toLocaleUpperCase()
}

export function plural(value: number, one: string, many: string = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

function daysBetween(earlier: number, later: number): number {
  const start = new Date(earlier).setHours(0, 0, 0, 0)
  const end = new Date(later).setHours(0, 0, 0, 0)
  // Rounded, because a day with a change of clocks has 23 or 25 hours.
  return Math.round((end - start) / DAY_MS)
}

const LANGUAGES = new Intl.DisplayNames(undefined, { type: 'language' })

export function languageName(code: string): string {
  try {
    return LANGUAGES.of(code) ?? code
  } catch {
    // Providers send codes that are no language tags.
    return code
  }
}
