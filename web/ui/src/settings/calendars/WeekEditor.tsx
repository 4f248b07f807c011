import { ActionIcon, Button, Switch } from '@mantine/core'
import type { Span } from '../../lib/types'
import { IconCopy, IconPlus, IconX } from '../../ui/icons'
import { DAYS, overMidnight, problemOf } from './calendars'
import s from './calendars.module.css'

const MOST_SPANS = 8

interface WeekEditorProps {
  week: Span[][]
  onChange: (week: Span[][]) => void
}

/** Seven days, each with its spans of open time. */
export function WeekEditor({ week, onChange }: WeekEditorProps) {
  const set = (day: number, spans: Span[]) => onChange(week.map((each, at) => (at === day ? spans : each)))
  return (
    <ul className={s.week} aria-label="Weekly hours">
      {DAYS.map((name, day) => (
        <li key={name} className={s.day}>
          <Switch
            label={name}
            checked={(week[day]?.length ?? 0) > 0}
            onChange={(event) => set(day, event.currentTarget.checked ? [{ start: '09:00', end: '17:00' }] : [])}
          />
          <SpansEditor name={name} spans={week[day] ?? []} onChange={(spans) => set(day, spans)} />
          {day === 0 && (
            <ActionIcon
              className={s.copy}
              aria-label="Copy Monday's hours to Tuesday to Friday"
              title="Copy to Tuesday – Friday"
              onClick={() => onChange(week.map((each, at) => (at > 0 && at < 5 ? (week[0] ?? []) : each)))}
            >
              <IconCopy size={15} />
            </ActionIcon>
          )}
        </li>
      ))}
    </ul>
  )
}

interface SpansEditorProps {
  name: string
  spans: Span[]
  onChange: (spans: Span[]) => void
}

export function SpansEditor({ name, spans, onChange }: SpansEditorProps) {
  const problem = problemOf(spans)
  const set = (at: number, change: Partial<Span>) =>
    onChange(spans.map((span, index) => (index === at ? { ...span, ...change } : span)))
  return (
    <div className={s.spans}>
      {spans.length === 0 && <span className={s.closed}>Closed</span>}
      {spans.map((span, at) => (
        <div key={at} className={s.span} role="group" aria-label={`${name}, hours ${at + 1}`}>
          <input
            type="time"
            required
            aria-label={`${name} from`}
            value={span.start}
            onChange={(event) => set(at, { start: event.currentTarget.value })}
          />
          <span aria-hidden>–</span>
          <input
            type="time"
            required
            aria-label={`${name} until`}
            value={span.end === '24:00' ? '00:00' : span.end}
            onChange={(event) => set(at, { end: event.currentTarget.value })}
          />
          {overMidnight(span) && span.end !== '00:00' && <span className={s.next}>next day</span>}
          <ActionIcon aria-label={`Remove these hours of ${name}`} onClick={() => onChange(spans.filter((_, index) => index !== at))}>
            <IconX size={14} />
          </ActionIcon>
        </div>
      ))}
      {spans.length > 0 && spans.length < MOST_SPANS && (
        <Button
          variant="subtle"
          size="compact-xs"
          leftSection={<IconPlus size={13} />}
          aria-label={`Add hours to ${name}`}
          onClick={() => onChange([...spans, { start: spans.at(-1)?.end ?? '18:00', end: '20:00' }])}
        >
          Add hours
        </Button>
      )}
      {problem && (
        <p className={s.wrong} role="alert">
          {problem}
        </p>
      )}
    </div>
  )
}
