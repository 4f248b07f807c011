import { count } from '../lib/format'
import f from './figures.module.css'

export interface FunnelStep {
  key: string
  label: string
  count: number
  /** the step of which it is a share */
  of?: string
  tone?: 'bad'
}

const PERCENT = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 })

export const share = (part: number, whole: number): string => (whole > 0 ? PERCENT.format(part / whole) : '–')

/** From who was sent it to who answered: bars are parts of the largest, words say of what else. */
export function Funnel({ steps, onNames }: { steps: FunnelStep[]; onNames: (key: string) => void }) {
  const most = Math.max(...steps.map((step) => step.count), 1)
  return (
    <ol className={f.funnel} aria-label="Funnel">
      {steps.map((step) => {
        const whole = steps.find((each) => each.key === step.of)
        return (
          <li key={step.key} data-tone={step.tone}>
            <span className={f.funnelName}>{step.label}</span>
            <span className={f.funnelTrack}>
              {step.count > 0 && <i style={{ width: `${(step.count / most) * 100}%` }} />}
            </span>
            <button type="button" disabled={step.count === 0} onClick={() => onNames(step.key)} aria-label={`${step.label}: ${count(step.count)}. Show who`}>
              {count(step.count)}
            </button>
            <small>{whole && whole.count > 0 ? `${share(step.count, whole.count)} of ${whole.label.toLowerCase()}` : ''}</small>
          </li>
        )
      })}
    </ol>
  )
}
