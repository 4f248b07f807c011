/** What the chat widget says by itself: reading it, what a new one begins with, and its rule in one sentence. */
import { queryOptions } from '@tanstack/react-query'
import { api } from '../lib/api'
import type { Greeting, GreetingSettings } from '../lib/types'

export const greetingsQuery = queryOptions({
  queryKey: ['greetings'],
  queryFn: ({ signal }) => api.get<{ items: Greeting[] }>('/greetings', signal).then((page) => page.items),
})

export type Draft = Required<GreetingSettings>

export const FRESH: Draft = {
  name: '',
  active: false,
  chat_ids: [],
  from_name: '',
  language: 'en',
  words: { en: { text: '', replies: [] } },
  pages: [],
  seconds: 15,
  scroll: 0,
  leaving: false,
  visitors: 'all',
  often: 'visitor',
  days: 7,
  priority: 50,
  calendar_id: null,
  online: false,
  segment_id: null,
  promotional: false,
}

export const HOW = { contains: 'contains', equals: 'is', glob: 'looks like' } as const
export const VISITORS = { all: 'Everybody', first: 'Those on their first visit', returning: 'Those who come back' } as const
export const OFTEN = { visitor: 'Once', visit: 'Once a visit', days: 'Every so many days' } as const

/** When it comes, in words. */
export function ruleText({ pages = [], seconds = 0, scroll = 0, leaving, visitors = 'all', often = 'visitor', days = 7 }: GreetingSettings): string {
  const where = pages.length ? pages.map(({ how = 'contains', value }) => `${HOW[how]} ${value}`).join(' or ') : ''
  const when = [seconds > 0 && `after ${seconds} s`, scroll > 0 && `${scroll} % read`, leaving && 'when they leave'].filter(Boolean).join(', ')
  const who = visitors === 'all' ? '' : visitors === 'first' ? 'first visit' : 'returning'
  const again = often === 'visitor' ? 'once' : often === 'visit' ? 'once a visit' : `every ${days} days`
  return [where ? `Page ${where}` : 'Any page', when || 'at once', who, again].filter(Boolean).join(' · ')
}

/** Of those who were shown it, how many wrote back. */
export const share = (part: number, whole: number): string => (whole > 0 ? `${Math.round((part / whole) * 100)} %` : '–')
