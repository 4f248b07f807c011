import type { MacroStep } from '../../lib/types'
import { IconAlertTriangle, IconCircleCheck, IconCircleDashed } from '../../ui/icons'
import { actionLabel } from './macros'
import s from './macros.module.css'

const STATES = { planned: '', done: 'Done', refused: 'Refused', not_run: 'Not done', skipped: 'Left out' }

/** What a macro does, step by step, or what came of it. */
export function Steps({ steps }: { steps: MacroStep[] }) {
  return (
    <ol className={s.steps}>
      {steps.map((step, place) => (
        <li key={place} data-state={step.state}>
          {step.state === 'done' ? (
            <IconCircleCheck size={16} aria-hidden />
          ) : step.state === 'refused' ? (
            <IconAlertTriangle size={16} aria-hidden />
          ) : (
            <IconCircleDashed size={16} aria-hidden />
          )}
          <span>
            <b>
              {actionLabel(step.type)}
              {STATES[step.state] && <small> · {STATES[step.state]}</small>}
            </b>
            {step.words && <span dir="auto">{step.words}</span>}
            {step.reason && <em>{step.reason}</em>}
          </span>
        </li>
      ))}
    </ol>
  )
}
