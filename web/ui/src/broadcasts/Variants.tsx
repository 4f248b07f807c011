import { count } from '../lib/format'
import { share } from './Funnel'
import f from './figures.module.css'

export interface VariantFigures {
  key: string
  label: string
  hits: number
  of: number
  /** 0 to 1, with the ends of its 95 % confidence interval */
  share: number
  low: number
  high: number
  winner: boolean
}

/** Each variant's share as a point, and where the truth lies nineteen times of twenty as the line around it. */
export function Variants({ variants, metric, verdict }: { variants: VariantFigures[]; metric: string; verdict: string }) {
  const [least, most] = [Math.min(...variants.map((each) => each.low)), Math.max(...variants.map((each) => each.high), 0.001)]
  const room = Math.max((most - least) * 0.15, 0.005)
  const [from, to] = [Math.max(least - room, 0), Math.min(most + room, 1)]
  const at = (value: number) => `${((value - from) / (to - from)) * 100}%`
  return (
    <figure className={f.variants}>
      <p className={f.verdict} role="status">
        {verdict}
      </p>
      <ul aria-label={`${metric} by variant`}>
        {variants.map((variant) => (
          <li key={variant.key} data-winner={variant.winner || undefined}>
            <span className={f.variantName}>
              <b>{variant.label}</b>
              <small>
                {count(variant.hits)} of {count(variant.of)}
              </small>
            </span>
            <span className={f.whisker} role="img" aria-label={`${share(variant.share, 1)}, between ${share(variant.low, 1)} and ${share(variant.high, 1)}`}>
              <i className={f.line} style={{ left: at(variant.low), right: `calc(100% - ${at(variant.high)})` }} />
              <i className={f.point} style={{ left: at(variant.share) }} />
            </span>
            <b className={f.rate}>{share(variant.share, 1)}</b>
          </li>
        ))}
      </ul>
      <div className={f.axis} aria-hidden>
        <span>{share(from, 1)}</span>
        <span>{metric}</span>
        <span>{share(to, 1)}</span>
      </div>
    </figure>
  )
}
