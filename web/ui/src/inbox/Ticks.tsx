import { memo } from 'react'
import { clock } from '../lib/format'
import type { MessageStatus } from '../lib/types'
import s from './ticks.module.css'

type Shape = 'clock' | 'one' | 'two' | 'failed' | 'unknown' | 'stopped'

const SHAPES: Record<MessageStatus, { shape: Shape; label: string }> = {
  queued: { shape: 'clock', label: 'Queued' },
  sending: { shape: 'clock', label: 'Queued' },
  sent: { shape: 'one', label: 'Sent' },
  delivered: { shape: 'two', label: 'Delivered' },
  read: { shape: 'two', label: 'Read' },
  failed: { shape: 'failed', label: 'Failed' },
  unknown: { shape: 'unknown', label: 'Outcome unknown' },
  skipped: { shape: 'stopped', label: 'Not sent' },
  cancelled: { shape: 'stopped', label: 'Cancelled' },
}

const PATHS: Record<Shape, string> = {
  clock: 'M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M8 4.6V8l2.2 1.5',
  one: 'M3.5 8.4l3 3 6-6.6',
  two: 'M.9 8.4l3 3 6-6.6M8.2 11.2l.4.2 6-6.6',
  failed: 'M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M8 4.8v3.6M8 11v.1',
  unknown: 'M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M6.3 6.4a1.7 1.7 0 1 1 2.5 1.5c-.5.3-.8.6-.8 1.1M8 11.2v.1',
  stopped: 'M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M3.8 3.8l8.4 8.4',
}

interface TicksProps {
  status: MessageStatus
  times?: Partial<Record<MessageStatus, string>> | null
}

/** How far an outbound message got. Drawn by hand: there is one on every bubble. */
export const Ticks = memo(function Ticks({ status, times }: TicksProps) {
  const { shape, label } = SHAPES[status]
  return (
    <span className={s.ticks} data-status={status} role="img" aria-label={label} title={titleOf(label, times)}>
      <svg viewBox="0 0 16 16" aria-hidden>
        <path d={PATHS[shape]} />
      </svg>
    </span>
  )
})

function titleOf(label: string, times: TicksProps['times']): string {
  const steps = (['sent', 'delivered', 'read'] as const).flatMap((step) => {
    const at = times?.[step]
    return at ? [`${SHAPES[step].label} ${clock(at)}`] : []
  })
  return steps.length > 0 ? steps.join(' · ') : label
}
