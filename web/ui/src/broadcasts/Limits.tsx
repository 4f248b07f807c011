/** How fast, for how much, and when it pauses by itself: settled before it goes, and changed on the way. */
import { NumberInput, Switch } from '@mantine/core'
import type { Guards, Plan } from '../lib/types'
import p from '../settings/parts/parts.module.css'

type Limits = Pick<Plan, 'rate' | 'budget_minor' | 'priority'>

interface LimitsProps {
  plan: Limits
  change: (part: Partial<Limits>) => void
}

export function PaceFields({ plan, change }: LimitsProps) {
  return (
    <>
      <NumberInput
        label="Messages a second, at most"
        placeholder="As many as the sender may"
        min={0.1}
        max={10_000}
        decimalScale={1}
        value={plan.rate ?? ''}
        onChange={(value) => change({ rate: Number(value) > 0 ? Number(value) : null })}
      />
      <NumberInput
        label="Budget"
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        description="In the currency of the price list. What it does not cover is not sent."
        placeholder="None"
        min={0}
        decimalScale={2}
        value={plan.budget_minor === null ? '' : plan.budget_minor / 100}
        onChange={(value) => change({ budget_minor: Number(value) > 0 ? Math.round(Number(value) * 100) : null })}
      />
      <NumberInput
        label="Priority"
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        description="0 to 100. Where frequency caps leave a person room for one of two, the higher one goes."
        min={0}
        max={100}
        allowDecimal={false}
        value={plan.priority}
        onChange={(value) => value !== '' && change({ priority: Math.min(100, Math.max(0, Math.round(Number(value)))) })}
      />
    </>
  )
}

const GUARDS: { key: 'failure_percent' | 'opt_out_percent' | 'block_percent'; label: string; usual: number }[] = [
  { key: 'failure_percent', label: 'Failed', usual: 20 },
  { key: 'opt_out_percent', label: 'Asked to stop', usual: 3 },
  { key: 'block_percent', label: 'Blocked us', usual: 2 },
]

export function GuardFields({ guards, onChange }: { guards: Guards; onChange: (guards: Guards) => void }) {
  return (
    <>
      <div className={p.pair}>
        {GUARDS.map(({ key, label, usual }) => (
          <NumberInput
            key={key}
            label={label}
            suffix=" %"
            min={1}
            max={100}
            placeholder="Does not matter"
            allowDecimal={false}
            value={guards[key] ?? ''}
            onChange={(value) => onChange({ ...guards, [key]: value === '' ? null : Math.min(100, Math.max(1, Math.round(Number(value) || usual))) })}
          />
        ))}
      </div>
      <Switch
        label="Also when the provider lowers the quality of the sender"
        checked={guards.quality}
        onChange={(event) => onChange({ ...guards, quality: event.currentTarget.checked })}
      />
    </>
  )
}

export const guardsText = ({ after }: Guards): string => `When, after the first ${after}, a larger share than this:`
