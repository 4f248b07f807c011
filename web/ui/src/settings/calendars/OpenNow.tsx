import { useNow } from '../../inbox/useNow'
import { fullTime, remaining } from '../../lib/format'
import type { Calendar } from '../../lib/types'
import { Badge } from '../../ui/Badge'

/** Whether it is open, and until when. */
export function OpenNow({ calendar: { open_now, changes_at } }: { calendar: Calendar }) {
  const now = useNow()
  const left = changes_at ? Date.parse(changes_at) - now : null
  return (
    <span title={changes_at ? fullTime(changes_at) : undefined}>
      <Badge tone={open_now ? 'ok' : 'neutral'}>{open_now ? 'Open' : 'Closed'}</Badge>{' '}
      {left !== null && left > 0 && (open_now ? `closes in ${remaining(left)}` : `opens in ${remaining(left)}`)}
    </span>
  )
}
