import { useNow } from '../inbox/useNow'
import { fullTime } from '../lib/format'
import type { Sla } from '../lib/types'
import { IconStopwatch } from '../ui/icons'
import { METRICS, nearest, sentence, shortDue } from './sla'
import s from './sla.module.css'

/** In a list row: how long until the nearest promise is missed, or since when it is. */
export function SlaMark({ sla, now }: { sla: Sla | null; now: number }) {
  const due = sla && nearest(sla, now)
  if (!due) return null
  return (
    <span className={s.mark} data-state={due.state} title={sentence(due)}>
      <IconStopwatch size={13} stroke={2} aria-hidden />
      {shortDue(due.left)}
      <span className="visually-hidden"> {METRICS[due.metric].toLowerCase()}</span>
    </span>
  )
}

/** Above a thread or ticket: the same in words, and whether the clock stands. */
export function SlaCountdown({ sla }: { sla: Sla | null }) {
  const now = useNow()
  if (!sla) return null
  const due = nearest(sla, now)
  if (!due) {
    if (!sla.paused_at) return null
    return (
      <span className={s.mark} data-state="paused" title={`Since ${fullTime(sla.paused_at)}`}>
        <IconStopwatch size={13} stroke={2} aria-hidden />
        Clock paused
      </span>
    )
  }
  return (
    <span className={s.mark} data-state={due.state} title={sla.due_at ? `By ${fullTime(sla.due_at)}` : undefined}>
      <IconStopwatch size={13} stroke={2} aria-hidden />
      {sentence(due)}
    </span>
  )
}
