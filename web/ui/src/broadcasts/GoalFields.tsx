import { NumberInput, Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { Goal } from '../lib/types'
import { catalogueQuery } from '../segments/segments'
import { Panel } from '../settings/parts/Panel'
import p from '../settings/parts/parts.module.css'

const DAYS = 7

/** What people are hoped to do; what is counted afterwards, of those who are held out as well. */
export function GoalFields({ goal, onChange }: { goal: Goal | null; onChange: (goal: Goal | null) => void }) {
  const { data } = useQuery(catalogueQuery)
  const known = (data?.events ?? []).map(({ name, label }) => ({ value: name, label }))
  const events = goal && !known.some((each) => each.value === goal.event) ? [{ value: goal.event, label: goal.event }, ...known] : known
  return (
    <Panel title="Goal" text="What you hope they do. The report counts it, also of those in the holdout.">
      <div className={p.pair}>
        <Select
          label="They do this"
          placeholder="No goal"
          clearable
          searchable
          data={events}
          value={goal?.event ?? null}
          onChange={(event) => onChange(event ? { event, days: goal?.days ?? DAYS } : null)}
        />
        <NumberInput
          label="Within"
          suffix=" days"
          min={1}
          max={90}
          allowDecimal={false}
          disabled={!goal}
          value={goal?.days ?? DAYS}
          onChange={(days) => goal && onChange({ ...goal, days: Math.min(90, Math.max(1, Math.round(Number(days)))) })}
        />
      </div>
    </Panel>
  )
}
