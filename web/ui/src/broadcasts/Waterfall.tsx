import { Link } from '@tanstack/react-router'
import { count } from '../lib/format'
import type { Exclusion } from '../lib/types'
import { stream } from './stream'
import w from './waterfall.module.css'

interface WaterfallProps {
  total: number
  exact: boolean
  steps: Exclusion[]
  willing: number
  onNames: (step: Exclusion) => void
}

/** Everybody who was meant flows in above; each reason leads some away, with their names and what would bring them back; who is left gets it. */
export function Waterfall({ total, exact, steps, willing, onNames }: WaterfallProps) {
  const branches = stream(
    total,
    steps.map((step) => step.count),
  )
  return (
    <div className={w.stream}>
      <div className={w.mouth}>
        <span className={w.full} aria-hidden />
        <p>
          <b>
            {exact ? '' : 'about '}
            {count(total)}
          </b>{' '}
          in the audience
        </p>
      </div>
      <ol className={w.steps} aria-label="Who does not get it, and why">
        {steps.map((step, row) => (
          <li key={step.reason}>
            <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden>
              <rect x={0} y={0} width={branches[row]!.after} height={1.01} className={w.water} />
              {branches[row]!.path && <path d={branches[row]!.path} className={w.away} />}
            </svg>
            <div className={w.reason}>
              <p>
                <b>{count(step.count)}</b> {step.label}
              </p>
              {step.fix && <small>{step.fix_url ? <Link to={step.fix_url}>{step.fix}</Link> : step.fix}</small>}
            </div>
            <button type="button" onClick={() => onNames(step)} aria-label={`Names: ${step.label}`}>
              Names
            </button>
          </li>
        ))}
      </ol>
      <div className={w.sea}>
        <span style={{ width: `${total > 0 ? Math.max((willing / total) * 100, willing > 0 ? 1 : 0) : 0}%` }} aria-hidden />
        <p>
          <b>
            {exact ? '' : 'about '}
            {count(willing)}
          </b>{' '}
          will get it
        </p>
      </div>
    </div>
  )
}
