import { Progress } from '@mantine/core'
import { count as formatted } from '../../lib/format'
import { cancelBulk, type Running } from './bulk'
import s from './list.module.css'

/** How far a bulk action is. */
export function Going({ now }: { now: Running }) {
  const at = now.done + now.same + now.failed
  const words = now.state === 'choosing' ? `${formatted(now.total)} found` : `${formatted(at)} of ${formatted(now.total)}`
  return (
    <div className={s.bulk} role="status" aria-label="Bulk action">
      <div className={s.bulkHead}>
        <b>{now.state === 'undoing' ? 'Putting back' : 'Working'}</b>
        <span>{words}</span>
        {now.state !== 'undoing' && (
          <button type="button" className={s.clear} onClick={() => void cancelBulk(now.id)}>
            Stop
          </button>
        )}
      </div>
      <Progress value={now.total === 0 ? 0 : (100 * at) / now.total} size="sm" aria-label="How far it is" />
    </div>
  )
}
