import { queryOptions } from '@tanstack/react-query'
import { api, query } from '../../lib/api'
import type { Calendar, CalendarIn, Countries, Holidays, Page, Span } from '../../lib/types'

export const calendarsQuery = queryOptions({
  queryKey: ['calendars'],
  queryFn: () => api.get<Page<Calendar>>('/calendars').then((page) => page.items),
  // Open or closed moves with the clock.
  refetchInterval: 60_000,
})

export const countriesQuery = queryOptions({
  queryKey: ['calendars', 'countries'],
  queryFn: () => api.get<Countries>('/calendars/countries').then((answer) => answer.items),
  staleTime: Infinity,
})

export const holidaysQuery = (country: string | null, region: string | null, year: number) =>
  queryOptions({
    queryKey: ['calendars', 'holidays', country, region, year],
    queryFn: () => api.get<Holidays>(`/calendars/holidays${query({ country, region, year })}`).then((answer) => answer.items),
    enabled: country !== null,
    staleTime: Infinity,
  })

export const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const

const OFFICE: Span[] = [{ start: '09:00', end: '17:00' }]

export const FRESH: CalendarIn = {
  name: '',
  zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  week: [OFFICE, OFFICE, OFFICE, OFFICE, OFFICE, [], []],
  country: null,
  region: null,
  worked: [],
  special: [],
}

/** An end at or before the start is on the next day. */
export function overMidnight({ start, end }: Span): boolean {
  return end !== '24:00' && end <= start
}

export function hoursText(spans: readonly Span[]): string {
  if (spans.length === 0) return 'Closed'
  return spans
    .map((span) =>
      span.start === '00:00' && (span.end === '24:00' || span.end === '00:00') ? 'All day' : `${span.start} – ${span.end}`,
    )
    .join(', ')
}

/** Days with the same hours together: `Mon – Fri 09:00 – 17:00`. */
export function weekText(week: readonly (readonly Span[])[]): string {
  const parts: string[] = []
  for (let from = 0; from < week.length; ) {
    const text = hoursText(week[from] ?? [])
    let to = from
    while (to + 1 < week.length && hoursText(week[to + 1] ?? []) === text) to += 1
    if (text !== 'Closed') parts.push(`${short(from)}${to > from ? ` – ${short(to)}` : ''} ${text}`)
    from = to + 1
  }
  return parts.join(' · ') || 'Never open'
}

const short = (day: number) => DAYS[day]?.slice(0, 3) ?? ''

/** What is wrong with a day's spans, in words; empty if nothing is. */
export function problemOf(spans: readonly Span[]): string {
  const minutes = spans
    .map(({ start, end }) => [minute(start), overMidnight({ start, end }) ? minute(end) + 1440 : minute(end)] as const)
    .toSorted((one, other) => one[0] - other[0])
  return minutes.some(([start], at) => at > 0 && start < (minutes[at - 1]?.[1] ?? 0)) ? 'These hours overlap.' : ''
}

const minute = (clock: string) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3))
