import { count, shortDay } from '../lib/format'
import type { Segment } from '../lib/types'
import s from './segments.module.css'

const WIDE = 120
const HIGH = 30

/** How many there were on each of the last thirty days, as a small line. */
export function Curve({ days, large }: { days: Segment['curve']; large?: boolean }) {
  const [first, last] = [days[0], days.at(-1)]
  if (!first || !last || days.length < 2) return <span className={s.noCurve}>counted daily from now on</span>
  const counts = days.map((each) => each.count)
  const [least, most] = [Math.min(...counts), Math.max(...counts)]
  const x = (at: number) => (at / (days.length - 1)) * WIDE
  const y = (value: number) => HIGH - 3 - ((value - least) / Math.max(most - least, 1)) * (HIGH - 6)
  const line = counts.map((value, at) => `${at === 0 ? 'M' : 'L'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join(' ')
  const words = `${count(first.count)} on ${shortDay(first.day)}, ${count(last.count)} on ${shortDay(last.day)}`
  return (
    <svg className={s.curve} data-large={large || undefined} viewBox={`0 0 ${WIDE} ${HIGH}`} preserveAspectRatio="none" role="img" aria-label={words}>
      <title>{words}</title>
      <path d={`${line} L${WIDE} ${HIGH} L0 ${HIGH} Z`} className={s.curveArea} />
      <path d={line} className={s.curveLine} vectorEffect="non-scaling-stroke" />
    </svg>
  )
}
