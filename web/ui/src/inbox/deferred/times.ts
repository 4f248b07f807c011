/** Times for sending later, on two clocks: the agent's and the customer's. */

const MINUTE = 60_000
const NIGHT_FROM = 21
const NIGHT_TO = 8

/** Milliseconds that the zone is ahead of UTC at that instant. */
export function offsetOf(zone: string, at: number): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at)
  const value = (type: string) => Number(parts.find((part) => part.type === type)?.value)
  const local = Date.UTC(value('year'), value('month') - 1, value('day'), value('hour'), value('minute'), value('second'))
  return local - Math.floor(at / 1000) * 1000
}

/** `2026-11-23T09:00`, as a clock in that zone shows the instant. */
export function toLocal(at: number, zone: string): string {
  return new Date(at + offsetOf(zone, at)).toISOString().slice(0, 16)
}

/** The instant at which a clock in that zone shows this; a time that its change of clocks skips moves on by the gap. */
export function fromLocal(local: string, zone: string): number {
  const wall = /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(local) ? Date.parse(`${local}:00Z`) : NaN
  if (Number.isNaN(wall)) return NaN
  const guess = wall - offsetOf(zone, wall)
  return wall - offsetOf(zone, guess)
}

/** Whether most people sleep there then. */
export function isNight(at: number, zone: string): boolean {
  const hour = new Date(at + offsetOf(zone, at)).getUTCHours()
  return hour >= NIGHT_FROM || hour < NIGHT_TO
}

/** The next nine o'clock there. */
export function nextMorning(now: number, zone: string): number {
  const today = toLocal(now, zone).slice(0, 10)
  const nine = fromLocal(`${today}T09:00`, zone)
  return nine > now ? nine : fromLocal(`${plusDays(today, 1)}T09:00`, zone)
}

export interface Preset {
  label: string
  at: number
}

/** In an hour; tomorrow and next Monday at nine where the customer is. */
export function presets(now: number, zone: string): Preset[] {
  const hour = 60 * MINUTE
  const soon = Math.ceil((now + hour) / (5 * MINUTE)) * 5 * MINUTE
  const today = toLocal(now, zone).slice(0, 10)
  const nine = (days: number) => fromLocal(`${plusDays(today, days)}T09:00`, zone)
  const weekday = new Date(`${today}T00:00Z`).getUTCDay()
  const untilMonday = (8 - weekday) % 7 || 7
  const found = [
    { label: 'In one hour', at: soon },
    { label: 'Tomorrow at 9', at: nine(1) },
    { label: 'On Monday at 9', at: nine(untilMonday) },
  ]
  return untilMonday === 1 ? found.slice(0, 2) : found
}

function plusDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00Z`) + days * 24 * 60 * MINUTE).toISOString().slice(0, 10)
}

/** Mon 23 Nov, 09:00, on a clock there. */
export function onClock(at: number, zone: string): string {
  return new Intl.DateTimeFormat(undefined, {
    timeZone: zone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  }).format(at)
}

export function clockIn(at: number, zone: string): string {
  return new Intl.DateTimeFormat(undefined, { timeZone: zone, hour: '2-digit', minute: '2-digit' }).format(at)
}

export const ownZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone

/** New York, of America/New_York */
export const zoneName = (zone: string): string => (zone.split('/').at(-1) ?? zone).replaceAll('_', ' ')
