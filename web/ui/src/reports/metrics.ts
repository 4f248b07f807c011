import type { Metric, MetricValues } from '../lib/types'

const COUNT = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const SCORE = new Intl.NumberFormat('en', { maximumFractionDigits: 2 })
const DASH = '–'

export function shown(value: number | null | undefined, unit: Metric['unit']): string {
  if (value === null || value === undefined) return DASH
  switch (unit) {
    case 'ms':
      return span(value)
    case 'percent':
      return `${SCORE.format(value)} %`
    case 'score':
      return SCORE.format(value)
    case 'count':
      return COUNT.format(value)
  }
}

/** 42 s, 3 m 10 s, 2 h 5 m, 3 d 4 h: two parts at most. */
export function span(ms: number): string {
  const seconds = Math.round(ms / 1000)
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ]
  const first = parts.findIndex(([value]) => value > 0)
  if (first === -1) return ms > 0 ? 'under 1 s' : '0 s'
  return parts
    .slice(first, first + 2)
    .filter(([value], index) => index === 0 || value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(' ')
}

const HOUR = 3_600_000
const STEPS_MS = [1_000, 5_000, 15_000, 30_000, 60_000, 300_000, 900_000, HOUR / 2, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR, 72 * HOUR, 168 * HOUR]

/** Where lines are drawn: a handful of numbers that people count in, from zero to above the highest. */
export function ticksOf(highest: number, unit: Metric['unit']): number[] {
  if (unit === 'percent') return [0, 25, 50, 75, 100]
  const power = 10 ** Math.floor(Math.log10(Math.max(highest / 4, 1)))
  const steps = unit === 'ms' ? [...STEPS_MS, 720 * HOUR] : [1, 2, 5, 10].map((step) => step * power)
  const step = steps.find((each) => highest / each <= 5) ?? steps.at(-1)!
  const lines = Math.max(1, Math.ceil(highest / step))
  return Array.from({ length: lines + 1 }, (_, index) => index * step)
}

export interface Change {
  text: string
  /** whether that is good news, if either direction is */
  tone: 'good' | 'bad' | 'plain'
}

/** How a value differs from the one before; nothing where there is nothing to compare with. */
export function changeOf(metric: Metric, now: MetricValues, before: MetricValues): Change | null {
  const [a, b] = [now[metric.key], before[metric.key]]
  if (a === null || a === undefined || !b) return null
  const percent = Math.round(((a - b) / Math.abs(b)) * 100)
  if (percent === 0) return { text: 'as before', tone: 'plain' }
  const up = percent > 0
  const tone = metric.better === null ? 'plain' : up === (metric.better === 'up') ? 'good' : 'bad'
  return { text: `${up ? '+' : '−'}${Math.abs(percent)} %`, tone }
}
