/** Weeks and months as calendars show them: whole weeks, from Monday on, in days such as `2026-11-22`. */
export type CalendarSpan = 'week' | 'month'

const DAY_MS = 86_400_000
const MONTH = new Intl.DateTimeFormat(undefined, { month: 'long', year: 'numeric', timeZone: 'UTC' })
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })

/** Days are reckoned without clocks, so that no change of them is in the way. */
const plain = (date: Date): number => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate())
const monday = (day: number): number => day - ((new Date(day).getUTCDay() + 6) % 7) * DAY_MS
const text = (day: number): string => new Date(day).toISOString().slice(0, 10)

/** The first and the last day that are shown. */
export function daysOf(span: CalendarSpan, around: Date): [string, string] {
  const day = plain(around)
  if (span === 'week') return [text(monday(day)), text(monday(day) + 6 * DAY_MS)]
  const first = monday(Date.UTC(around.getFullYear(), around.getMonth(), 1))
  const last = monday(Date.UTC(around.getFullYear(), around.getMonth() + 1, 0)) + 6 * DAY_MS
  return [text(first), text(last)]
}

export function moved(span: CalendarSpan, around: Date, by: 1 | -1): Date {
  if (span === 'week') return new Date(around.getFullYear(), around.getMonth(), around.getDate() + 7 * by)
  return new Date(around.getFullYear(), around.getMonth() + by, 1)
}

export function titleOf(span: CalendarSpan, around: Date): string {
  return span === 'month' ? MONTH.format(plain(around)) : `Week from ${DAY.format(monday(plain(around)))}`
}
