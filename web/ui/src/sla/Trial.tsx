import { Button, Drawer, NativeSelect, Progress } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type CSSProperties } from 'react'
import { ApiError, api, messageOf, query } from '../lib/api'
import { count, listTime, plural } from '../lib/format'
import type { Page, SlaPolicyIn, SlaTrial, SlaTrialRow } from '../lib/types'
import { ErrorState } from '../ui/ErrorState'
import { Skeleton } from '../ui/Skeleton'
import { METRICS } from './sla'
import s from './trial.module.css'

const LOOK_MS = 800
const DAY_MS = 86_400_000
const MOST_LISTED = 5_000

/** What a policy would have made of the last days, before it is in force. */
export function Trial({ draft, policyId }: { draft: SlaPolicyIn; policyId: string | null }) {
  const [days, setDays] = useState('30')
  const [id, setId] = useState<string | null>(null)
  const [tried, setTried] = useState<SlaPolicyIn | null>(null)
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)
  const [listed, setListed] = useState(false)
  const { data, error } = useQuery({
    queryKey: ['sla-trial', id],
    queryFn: () => api.get<SlaTrial>(`/sla-policies/trials/${id}`),
    enabled: id !== null,
    refetchInterval: (current) => (current.state.data?.state === 'running' ? LOOK_MS : false),
  })
  const running = busy || data?.state === 'running'

  async function start() {
    setBusy(true)
    setProblem('')
    const now = Date.now()
    const day = (at: number) => new Date(at).toISOString().slice(0, 10)
    const policy = draft.name.trim() ? draft : { ...draft, name: 'Draft' }
    try {
      const trial = await api.post<SlaTrial>('/sla-policies/trials', { policy, policy_id: policyId, first: day(now - (Number(days) - 1) * DAY_MS), last: day(now) })
      setTried(draft)
      setId(trial.id)
    } catch (reason) {
      setProblem(reason instanceof ApiError && reason.fields[0] ? reason.fields[0].message : messageOf(reason))
    } finally {
      setBusy(false)
    }
  }

  return (
    <div className={s.trial}>
      <div className={s.ask}>
        <NativeSelect
          aria-label="Tried on"
          size="xs"
          value={days}
          data={[7, 30, 90].map((each) => ({ value: String(each), label: `Closed in the last ${each} days, and open` }))}
          onChange={(event) => setDays(event.currentTarget.value)}
        />
        <Button size="xs" variant="default" loading={running} onClick={() => void start()}>
          Try it
        </Button>
        {data?.state === 'running' && (
          <Button size="xs" variant="subtle" onClick={() => void api.post(`/sla-policies/trials/${data.id}/cancel`)}>
            Stop
          </Button>
        )}
      </div>
      {(problem || error) && (
        <p role="alert" className={s.problem}>
          {problem || messageOf(error)}
        </p>
      )}
      {data?.state === 'running' && <Progress value={Math.max(3, data.progress * 100)} animated aria-label="How far it is" />}
      {data && data.state !== 'running' && (
        <div role="status">
          {tried !== draft && <p className={s.stale}>You have changed the policy since: this is about what it was.</p>}
          <Outcome trial={data} />
          <p className={s.foot}>
            {`${plural(data.looked_at, data.subject === 'tickets' ? 'ticket' : 'conversation')} looked at`}
            {data.state === 'cancelled' && ', then stopped'}
            {data.unknown > 0 && `; of ${count(data.unknown)} too little is known to tell`}.{' '}
            {data.differing > 0 ? (
              <button type="button" onClick={() => setListed(true)}>
                Show the {count(data.differing)} that {data.differing === 1 ? 'differs' : 'differ'}
              </button>
            ) : (
              data.looked_at > data.unknown && 'Nothing would have been different.'
            )}
          </p>
        </div>
      )}
      {listed && data && <Differing trial={data} onClose={() => setListed(false)} />}
    </div>
  )
}

function Outcome({ trial }: { trial: SlaTrial }) {
  const promised = trial.metrics.filter(({ now, draft }) => now.kept + now.missed + draft.kept + draft.missed > 0)
  if (promised.length === 0) return <p className={s.none}>Neither this policy nor those in force would have promised anything to these.</p>
  return (
    <table className={s.outcome} aria-label="What would have been kept">
      <thead>
        <tr>
          <td />
          <th scope="col">As it is</th>
          <th scope="col">With this policy</th>
        </tr>
      </thead>
      <tbody>
        {promised.map(({ metric, now, draft }) => (
          <tr key={metric}>
            <th scope="row">{METRICS[metric]}</th>
            <Share of={now} />
            <Share of={draft} />
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Share({ of }: { of: { kept: number; missed: number } }) {
  const all = of.kept + of.missed
  if (all === 0) return <td className={s.none}>nothing promised</td>
  const share = (100 * of.kept) / all
  return (
    <td>
      <b>{share.toFixed(share % 1 ? 1 : 0)} %</b>
      <span className={s.bar} aria-hidden style={{ '--share': share } as CSSProperties} />
      <small>{`${count(of.kept)} kept, ${count(of.missed)} missed`}</small>
    </td>
  )
}

const WORDS = { kept: 'kept', missed: 'missed', none: 'not promised' }

/** Of which the policy makes something else. */
function Differing({ trial, onClose }: { trial: SlaTrial; onClose: () => void }) {
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['sla-trial-rows', trial.id],
    queryFn: ({ pageParam }) => api.get<Page<SlaTrialRow>>(`/sla-policies/trials/${trial.id}/rows${query({ cursor: pageParam, limit: 40 })}`),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  })
  const items = data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Drawer opened onClose={onClose} position="right" size={460} title="What would have been different">
      {trial.differing > MOST_LISTED && <p className={s.none}>The first {count(MOST_LISTED)} are listed.</p>}
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Skeleton height={200} />
      ) : (
        <ul className={s.rows}>
          {items.map((row) => (
            <li key={row.id}>
              {row.ticket_id ? (
                <Link to="/tickets/$ticketId" params={{ ticketId: row.ticket_id }}>
                  <b>{row.label}</b>
                </Link>
              ) : (
                <Link to="/inbox/$conversationId" params={{ conversationId: row.conversation_id ?? '' }}>
                  <b>{row.label || 'Unknown'}</b>
                </Link>
              )}
              <time dateTime={row.at}>{listTime(row.at)}</time>
              {row.differences.map((each) => (
                <span key={each.metric + each.since} data-worse={each.draft === 'missed' || undefined}>
                  {METRICS[each.metric]}: {WORDS[each.now ?? 'none']} → {WORDS[each.draft ?? 'none']}
                </span>
              ))}
            </li>
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button variant="subtle" fullWidth loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Show more
        </Button>
      )}
    </Drawer>
  )
}
