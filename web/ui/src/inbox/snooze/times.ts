/** When a snoozed conversation comes back: the usual choices, and what people type. All in the agent's own time zone. */

export interface Choice {
  label: string
  until: Date
}

const MORNING = 9
const PARTS: Record<string, number> = { morning: MORNING, noon: 12, midday: 12, afternoon: 14, evening: 18, tonight: 20, night: 20 }
const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december']
const MINUTES: Record<string, number> = { m: 1, min: 1, minute: 1, h: 60, hr: 60, hour: 60 }

export function choices(now: Date): Choice[] {
  const later = new Date(now.getTime() + 3 * 3_600_000)
  later.setMinutes(Math.ceil(later.getMinutes() / 15) * 15, 0, 0)
  const monday = at(addDays(now, (8 - now.getDay()) % 7 || 7), MORNING)
  const found = [{ label: 'Tomorrow', until: at(addDays(now, 1), MORNING) }]
  // Late in the evening "later today" would be tomorrow.
  if (later.getDate() === now.getDate()) found.unshift({ label: 'Later today', until: later })
  // On Sundays both are the same.
  if (monday.getTime() !== found.at(-1)?.until.getTime()) found.push({ label: 'Next week', until: monday })
  return found
}

/** `in 2 hours`, `45 min`, `tomorrow 14:00`, `fri 9am`, `next month`, `24 dec`, `2026-12-24 10:30`; null when not understood or past. */
export function parseTime(text: string, now: Date): Date | null {
  const words = text.toLowerCase().replace(/,/g, ' ').replace(/\b(at|on|the|until|till|this)\b/g, ' ').replace(/\s+/g, ' ').trim()
  const found = words ? (span(words, now) ?? moment(words, now)) : null
  return found && found.getTime() > now.getTime() ? found : null
}

function span(words: string, now: Date): Date | null {
  const match = /^(?:in )?(\d{1,3}|an?|one|two|half an) ?([a-z]+?)s?(?: (.+))?$/.exec(words)
  if (!match) return null
  const amount = { a: 1, an: 1, one: 1, two: 2, 'half an': 0.5 }[match[1] ?? ''] ?? Number(match[1])
  const unit = match[2] ?? ''
  const minutes = MINUTES[unit]
  if (minutes) return match[3] ? null : new Date(now.getTime() + amount * minutes * 60_000)
  const days = { d: 1, day: 1, w: 7, wk: 7, week: 7 }[unit]
  const hours = hourOf(match[3])
  if (hours === null) return null
  if (days) return at(addDays(now, amount * days), ...hours)
  if (unit === 'month') return at(addMonths(now, amount), ...hours)
  return null
}

function moment(words: string, now: Date): Date | null {
  const alone = hourOf(words)
  if (alone && words !== '') {
    const today = at(now, ...alone)
    return today.getTime() > now.getTime() ? today : at(addDays(now, 1), ...alone)
  }
  const match = /^(today|tomorrow|tmrw|next (?:week|month|[a-z]+)|[a-z]+ \d{1,2}|[a-z]+|\d{1,2} [a-z]+|\d{4}-\d{2}-\d{2})(?: (.+))?$/.exec(words)
  const day = match && dayOf(match[1] ?? '', now)
  const hours = match && hourOf(match[2])
  return day && hours ? at(day, ...hours) : null
}

function dayOf(words: string, now: Date): Date | null {
  if (words === 'today') return now
  if (words === 'tomorrow' || words === 'tmrw') return addDays(now, 1)
  if (words === 'next week') return addDays(now, (8 - now.getDay()) % 7 || 7)
  if (words === 'next month') return addMonths(now, 1)
  const weekday = named(DAYS, words.replace(/^next /, ''))
  if (weekday >= 0) return addDays(now, (weekday - now.getDay() + 7) % 7 || 7)
  const date = /^(\d{4})-(\d{2})-(\d{2})$/.exec(words)
  if (date) return valid(Number(date[1]), Number(date[2]) - 1, Number(date[3]))
  const parts = /^(?:(\d{1,2}) ([a-z]+)|([a-z]+) (\d{1,2}))$/.exec(words)
  const month = parts ? named(MONTHS, parts[2] ?? parts[3] ?? '') : -1
  if (!parts || month < 0) return null
  const dayNumber = Number(parts[1] ?? parts[4])
  const thisYear = valid(now.getFullYear(), month, dayNumber)
  return thisYear && thisYear.getTime() > now.getTime() ? thisYear : valid(now.getFullYear() + 1, month, dayNumber)
}

/** The place of a name that begins so; three letters at least. */
function named(names: string[], word: string): number {
  return word.length < 3 ? -1 : names.findIndex((name) => name.startsWith(word))
}

/** Hours and minutes of `14:30`, `9am`, `evening`; the morning when nothing is said; null when it is no time. */
function hourOf(words: string | undefined): [number, number] | null {
  if (!words) return [MORNING, 0]
  const part = PARTS[words]
  if (part !== undefined) return [part, 0]
  const match = /^(\d{1,2})(?:[:.h](\d{2}))? ?(am|pm)?$/.exec(words)
  if (!match || (!match[2] && !match[3])) return null
  const twelve = match[3] !== undefined
  const hour = twelve ? (Number(match[1]) % 12) + (match[3] === 'pm' ? 12 : 0) : Number(match[1])
  const minute = Number(match[2] ?? 0)
  return hour < 24 && minute < 60 && !(twelve && Number(match[1]) > 12) ? [hour, minute] : null
}

function at(day: Date, hour: number, minute = 0): Date {
  const found = new Date(day)
  found.setHours(hour, minute, 0, 0)
  return found
}

function addDays(day: Date, days: number): Date {
  const found = new Date(day)
  found.setDate(found.getDate() + days)
  return found
}

function addMonths(day: Date, months: number): Date {
  const found = new Date(day.getFullYear(), day.getMonth() + months, 1)
  const last = new Date(found.getFullYear(), found.getMonth() + 1, 0).getDate()
  found.setDate(Math.min(day.getDate(), last))
  return found
}

function valid(year: number, month: number, day: number): Date | null {
  const found = new Date(year, month, day)
  return found.getMonth() === month && found.getDate() === day ? found : null
}
