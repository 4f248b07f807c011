import { queryOptions } from '@tanstack/react-query'
import { api, query } from '../../lib/api'
import type { RosterDay, RosterWeek, Span } from '../../lib/types'
import { hoursText, overMidnight } from '../calendars/calendars'

/** The week of a day (this week without one): everybody's for who plans it, else one's own. */
export const rosterQuery = (day: string | null, everybody: boolean) =>
  queryOptions({
    queryKey: ['roster', everybody, day],
    queryFn: () => api.get<RosterWeek>(`${everybody ? '/roster' : '/me/roster'}${query({ day })}`),
    placeholderData: (before: RosterWeek | undefined) => before,
  })

export const REASONS = ['Holiday', 'Sick', 'Training', 'Day off', 'Parental leave']

/** A member's day, as the keys and the API name it. */
export interface Place {
  memberId: string
  day: string
}

const WEEKDAY = new Intl.DateTimeFormat('en-GB', { weekday: 'short', timeZone: 'UTC' })
const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })
const DATE_YEAR = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })

export const weekdayOf = (day: string) => WEEKDAY.format(new Date(day))
export const dateOf = (day: string) => DATE.format(new Date(day))
export const dayText = (day: string) => `${weekdayOf(day)} ${dateOf(day)}`
export const weekTitle = (first: string) => DATE_YEAR.formatRange(new Date(first), new Date(plusDays(first, 6)))

export function plusDays(day: string, days: number): string {
  const at = new Date(day)
  at.setUTCDate(at.getUTCDate() + days)
  return at.toISOString().slice(0, 10)
}

/** What a cell says. */
export function planText({ source, hours, absence }: RosterDay): string {
  if (source === 'absence') return absence ?? 'Absent'
  if (source === 'free') return 'Any time'
  return hours.length === 0 ? 'Off' : hoursText(hours)
}

export const isPlanned = ({ source }: RosterDay) => source === 'shift' || source === 'absence'

const minutes = (clock: string) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3))
const length = (span: Span) => minutes(span.end) - minutes(span.start) + (overMidnight(span) ? 24 * 60 : 0)

/** Hours of a week as clocks count them, to the half: `37.5 h`; empty where no day has bounds. */
export function weekHours(days: readonly RosterDay[]): string {
  const spans = days.flatMap(({ hours }) => hours)
  if (spans.length === 0) return ''
  return `${Math.round(spans.reduce((sum, span) => sum + length(span), 0) / 30) / 2} h`
}
