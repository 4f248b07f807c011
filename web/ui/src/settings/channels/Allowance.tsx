import { Progress } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { api } from '../../lib/api'
import { count } from '../../lib/format'
import type { AccountAllowance } from '../../lib/types'
import { Until } from '../parts/Ago'
import { Panel } from '../parts/Panel'
import s from './channels.module.css'

const AGAIN_MS = 20_000

/** To how many people it may write first in a day, and has. Nothing where there is no such limit. */
export function Allowance({ id }: { id: string }) {
  const { data } = useQuery({
    queryKey: ['accounts', id, 'allowance'],
    queryFn: () => api.get<AccountAllowance>(`/accounts/${encodeURIComponent(id)}/allowance`),
    refetchInterval: AGAIN_MS,
  })
  const now = data?.allowance
  if (!now) return null
  const { people_a_day: most, used, full_until: full, shared_with: shared } = now
  return (
    <Panel
      title="People you write to first"
      text={`Within 24 hours, outside of answers to what they wrote.${shared.length > 0 ? ` Counted together with ${shared.join(', ')}.` : ''}`}
    >
      <div className={s.allowance}>
        <p>
          <b>{count(used)}</b> of {count(most)} in the last 24 hours
        </p>
        <Progress value={(100 * used) / most} color={full ? 'orange' : undefined} aria-label="How much of the day's people is used" />
        {full && (
          <p role="status">
            To nobody new for now: broadcasts and templates go on <Until at={full} />.
          </p>
        )}
      </div>
    </Panel>
  )
}
