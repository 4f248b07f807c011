import { Tooltip } from '@mantine/core'
import { count } from '../lib/format'
import f from './figures.module.css'

export interface FunnelStep {
  key: string
  label: string
  /** null: nobody can know */
  count: number | null
  /** the step of which it is a share */
  of?: string
  /** a share of fewer than that step has, said in words */
  share?: { whole: number; words: string }
  /** why nobody can know */
  why?: string
  tone?: 'bad'
}

const PERCENT = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 })

export const share = (part: number, whole: number): string => (whole > 0 ? PERCENT.format(part / whole) : '–')

/** From who was sent it to who answered: bars are parts of the largest, words say of what else. */
export function Funnel({ steps, onNames }: { steps: FunnelStep[]; onNames: (key: string) => void }) {
  const most = Math.max(...steps.map((step) => step.count ?? 0), 1)
  return (
    <ol className={f.funnel} aria-label="Funnel">
      {steps.map((step) => {
        const before = steps.find((each) => each.key === step.of)
        const { whole, words } = step.share ?? { whole: before?.count ?? 0, words: before?.label.toLowerCase() ?? '' }
        return (
          <li key={step.key} data-tone={step.tone}>
            <span className={f.funnelName}>{step.label}</span>
            <span className={f.funnelTrack}>{!!step.count && <i style={{ width: `${(step.count / most) * 100}%` }} />}</span>
            {step.count === null ? (
              <Tooltip label={step.why} multiline maw={280} events={{ hover: true, focus: true, touch: true }}>
                <span className={f.unknown} tabIndex={0} role="note" aria-label={`${step.label}: not known. ${step.why}`}>
                  –
                </span>
              </Tooltip>
            ) : (
              <button type="button" disabled={step.count === 0} onClick={() => onNames(step.key)} aria-label={`${step.label}: ${count(step.count)}. Show who`}>
                {count(step.count)}
              </button>
            )}
            <small>{step.count !== null && whole > 0 ? `${share(step.count, whole)} of ${words}` : ''}</small>
          </li>
        )
      })}
    </ol>
  )
}
