import { channelLabel, CHANNEL_ORDER } from '../ui/ChannelIcon'
import s from './contacts.module.css'

export const KINDS = ['message', 'note', 'ticket', 'event', 'consent'] as const
export type Kind = (typeof KINDS)[number]

export interface Filters {
  kinds: Kind[]
  channel: string
  /** days, `2026-11-22`; empty: open to that side */
  from: string
  to: string
}

export const EVERYTHING: Filters = { kinds: [], channel: '', from: '', to: '' }

const LABELS: Record<Kind, string> = { message: 'Messages', note: 'Notes', ticket: 'Tickets', event: 'Events', consent: 'Consent' }

/** As the API asks for it; whole days of the reader's own clock. */
export function asQuery({ kinds, channel, from, to }: Filters): Record<string, string | null> {
  return { kind: kinds.join(',') || null, channel: channel || null, since: midnight(from, 0), until: midnight(to, 1) }
}

function midnight(day: string, plusDays: number): string | null {
  const [year, month, date] = day.split('-').map(Number)
  if (!year || !month || !date) return null
  return new Date(year, month - 1, date + plusDays).toISOString()
}

/** Which part of the story is shown: by kind, by channel, and up to or from a day. */
export function TimelineFilters({ filters, onChange }: { filters: Filters; onChange: (filters: Filters) => void }) {
  const { kinds, channel, from, to } = filters
  const toggle = (kind: Kind) => onChange({ ...filters, kinds: kinds.includes(kind) ? kinds.filter((each) => each !== kind) : [...kinds, kind] })
  return (
    <div className={s.filters} role="group" aria-label="Show only">
      <div className={s.kinds}>
        {KINDS.map((kind) => (
          <button key={kind} type="button" aria-pressed={kinds.includes(kind)} onClick={() => toggle(kind)}>
            {LABELS[kind]}
          </button>
        ))}
      </div>
      <select aria-label="Channel" value={channel} onChange={(event) => onChange({ ...filters, channel: event.currentTarget.value })}>
        <option value="">All channels</option>
        {CHANNEL_ORDER.map((each) => (
          <option key={each} value={each}>
            {channelLabel(each)}
          </option>
        ))}
      </select>
      <label>
        From
        <input type="date" value={from} max={to || undefined} onChange={(event) => onChange({ ...filters, from: event.currentTarget.value })} />
      </label>
      <label>
        Up to
        <input type="date" value={to} min={from || undefined} onChange={(event) => onChange({ ...filters, to: event.currentTarget.value })} />
      </label>
      {JSON.stringify(filters) !== JSON.stringify(EVERYTHING) && (
        <button type="button" className={s.clear} onClick={() => onChange(EVERYTHING)}>
          Show everything
        </button>
      )}
    </div>
  )
}
