import { Tooltip } from '@mantine/core'
import { fullTime, remaining } from '../../lib/format'
import type { Reach } from '../../lib/types'
import { Badge } from '../../ui/Badge'
import { IconClock } from '../../ui/icons'
import { reachState } from '../reach'

const AMBER_BELOW_MS = 2 * 3_600_000

/** How long the channel still takes free text. */
export function WindowChip({ reach, now }: { reach: Reach; now: number }) {
  const state = reachState(reach, now)
  if (state.kind === 'blocked' || !reach.window_closes_at) return null
  if (state.kind === 'window_closed') return <Badge tone="danger">Window closed</Badge>
  if (state.leftMs === null) return null
  return (
    <Tooltip label={`Free text is possible until ${fullTime(reach.window_closes_at)}`}>
      <span>
        <Badge tone={state.leftMs < AMBER_BELOW_MS ? 'warn' : 'ok'}>
          <IconClock size={12} /> {remaining(state.leftMs)} left
        </Badge>
      </span>
    </Tooltip>
  )
}
