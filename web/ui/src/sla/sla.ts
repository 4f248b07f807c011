/** What was promised to a customer, in words. */
import { remaining } from '../lib/format.ts'
import type { Sla } from '../lib/types'

export type Metric = Sla['breached'][number]

export const METRICS: Record<Metric, string> = { first: 'First answer', next: 'Next answer', resolve: 'Solution' }

const SOON_MS = 30 * 60_000

export interface Due {
  metric: Metric
  /** milliseconds; below zero it is late */
  left: number
  state: 'calm' | 'soon' | 'late'
}

/** The nearest promise that is still to be kept; null where nothing runs. */
export function nearest(sla: Sla, now: number): Due | null {
  const at = sla.due_at
  if (!at) return null
  const metric = (Object.keys(METRICS) as Metric[]).find((each) => sla[`${each}_due_at`] === at) ?? 'resolve'
  const left = Date.parse(at) - now
  const state = left < 0 ? 'late' : left < SOON_MS || sla.warned.includes(metric) ? 'soon' : 'calm'
  return { metric, left, state }
}

/** For a narrow place: 42m, 3h, -12m. */
export function shortDue(left: number): string {
  const minutes = Math.floor(Math.abs(left) / 60_000)
  const text = minutes < 60 ? `${minutes}m` : minutes < 48 * 60 ? `${Math.floor(minutes / 60)}h` : `${Math.floor(minutes / 1440)}d`
  return left < 0 ? `−${text}` : text
}

export function sentence({ metric, left }: Due): string {
  const what = METRICS[metric]
  return left < 0 ? `${what} late by ${remaining(-left)}` : `${what} due in ${remaining(left)}`
}

export function slaEventText(event: Record<string, unknown>): string {
  const metric = event.metric as Metric
  const what = METRICS[metric] ?? 'Answer'
  switch (event.name) {
    case 'sla_warned':
      return `${what} is due soon`
    case 'sla_breached':
      return `${what} was late`
    default:
      return `${what} is late: ${DONE[String(event.do)] ?? 'escalated'}`
  }
}

const DONE: Record<string, string> = {
  notify: 'colleagues were told',
  assign: 'given to somebody else',
  priority: 'priority raised',
  tag: 'tagged',
}
