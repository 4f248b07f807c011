/** Days that repeat, as a sentence and as the rule (RRULE) that is stored. */

export const DAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const
export type Day = (typeof DAYS)[number]
const DAY_NAMES: Record<Day, string> = { MO: 'Mon', TU: 'Tue', WE: 'Wed', TH: 'Thu', FR: 'Fri', SA: 'Sat', SU: 'Sun' }

export interface Repeat {
  every: 'DAILY' | 'WEEKLY' | 'MONTHLY'
  interval: number
  days: Day[]
}

export const dayName = (day: Day): string => DAY_NAMES[day]

export function ruleOf({ every, interval, days }: Repeat): string {
  return [`FREQ=${every}`, ...(interval > 1 ? [`INTERVAL=${interval}`] : []), ...(every === 'WEEKLY' && days.length > 0 ? [`BYDAY=${days.join(',')}`] : [])].join(';')
}

/** null for a rule that these controls cannot show; it stays as it is. */
export function repeatOf(rule: string): Repeat | null {
  const parts = new Map(rule.split(';').map((part) => part.split('=', 2) as [string, string]))
  const every = parts.get('FREQ')
  if (every !== 'DAILY' && every !== 'WEEKLY' && every !== 'MONTHLY') return null
  if ([...parts.keys()].some((name) => !['FREQ', 'INTERVAL', 'BYDAY'].includes(name))) return null
  const days = (parts.get('BYDAY') ?? '').split(',').filter(Boolean)
  if (!days.every((day): day is Day => DAYS.includes(day as Day))) return null
  return { every, interval: Number(parts.get('INTERVAL') ?? 1), days }
}

const UNITS = { DAILY: ['day', 'days'], WEEKLY: ['week', 'weeks'], MONTHLY: ['month', 'months'] } as const

/** every 2 weeks on Tue and Fri */
export function repeatText(rule: string): string {
  const repeat = repeatOf(rule)
  if (!repeat) return `by the rule ${rule}`
  const [one, many] = UNITS[repeat.every]
  const often = repeat.interval === 1 ? `every ${one}` : `every ${repeat.interval} ${many}`
  if (repeat.days.length === 0) return often
  const names = repeat.days.map(dayName)
  const last = names.pop()
  return `${often} on ${names.length > 0 ? `${names.join(', ')} and ${last}` : last}`
}

/** 90 min, 2 h, 3 days: whole units only. */
export function spanText(minutes: number): string {
  if (minutes % 1440 === 0 && minutes > 0) return minutes === 1440 ? 'a day' : `${minutes / 1440} days`
  if (minutes % 60 === 0 && minutes > 0) return minutes === 60 ? 'an hour' : `${minutes / 60} hours`
  return minutes === 1 ? 'a minute' : `${minutes} minutes`
}
