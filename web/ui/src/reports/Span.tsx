import s from './reports.module.css'

/** Days, both included, as `2026-11-22`. */
export interface DaySpan {
  first: string
  last: string
}

const DAY_MS = 86_400_000
const PRESETS = [7, 30, 90, 365]

export function spanOf(days: number, today: number = Date.now()): DaySpan {
  const day = (at: number) => new Date(at).toISOString().slice(0, 10)
  return { first: day(today - (days - 1) * DAY_MS), last: day(today) }
}

export function Span({ value, onChange }: { value: DaySpan; onChange: (span: DaySpan) => void }) {
  const presets = PRESETS.map((days) => ({ days, span: spanOf(days) }))
  function change(part: Partial<DaySpan>) {
    const next = { ...value, ...part }
    if (next.first && next.last && next.first <= next.last) onChange(next)
  }
  return (
    <div className={s.span} role="group" aria-label="Days">
      {presets.map(({ days, span }) => (
        <button
          key={days}
          type="button"
          aria-pressed={span.first === value.first && span.last === value.last}
          onClick={() => onChange(span)}
        >
          {days === 365 ? '1 year' : `${days} days`}
        </button>
      ))}
      <input type="date" aria-label="First day" value={value.first} max={value.last} onChange={(e) => change({ first: e.currentTarget.value })} />
      <span aria-hidden>–</span>
      <input type="date" aria-label="Last day" value={value.last} min={value.first} onChange={(e) => change({ last: e.currentTarget.value })} />
    </div>
  )
}
