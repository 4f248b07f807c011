import s from './reports.module.css'

/** Days, both included, as `2026-11-22`. */
export interface DaySpan {
  first: string
  last: string
}

const DAY_MS = 86_400_000
const PRESETS = [7, 30, 90, 365]

/** The last so many days, as the clocks of a zone have them. */
export function spanOf(days: number, zone: string, now: number = Date.now()): DaySpan {
  // In Sweden they write days as the API does.
  const today = new Intl.DateTimeFormat('sv-SE', { timeZone: zone }).format(now)
  return { first: new Date(Date.parse(today) - (days - 1) * DAY_MS).toISOString().slice(0, 10), last: today }
}

interface SpanProps {
  value: DaySpan
  zone: string
  onChange: (span: DaySpan) => void
}

export function Span({ value, zone, onChange }: SpanProps) {
  const presets = PRESETS.map((days) => ({ days, span: spanOf(days, zone) }))
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
