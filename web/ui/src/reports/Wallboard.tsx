import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { api } from '../lib/api'
import { plural } from '../lib/format'
import type { WallboardNow } from '../lib/types'
import { ErrorState } from '../ui/ErrorState'
import { Skeleton } from '../ui/Skeleton'
import { span } from './metrics'
import s from './reports.module.css'

const REFRESH_MS = 4_000
const LATE_SECONDS = 10
const AVAILABILITY = { online: 'Online', busy: 'Busy', away: 'Away', offline: 'Offline' }

/** What happens now, for a screen on the wall; refreshes itself. */
export function Wallboard() {
  const { data, error, refetch, dataUpdatedAt } = useQuery({
    queryKey: ['wallboard'],
    queryFn: () => api.get<WallboardNow>('/reports/now'),
    refetchInterval: REFRESH_MS,
    refetchIntervalInBackground: true,
    staleTime: 0,
  })
  const now = useSeconds()
  if (error && !data) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!data) return <Skeleton height={320} />
  const age = Math.max(0, now - dataUpdatedAt)
  const oldest = data.oldest_wait_seconds === null ? null : data.oldest_wait_seconds * 1000 + age
  const here = data.agents.filter((agent) => agent.availability === 'online').length
  return (
    <>
      {error && (
        <p role="alert" className={s.stale}>
          The server cannot be reached; these figures are {span(age)} old.
        </p>
      )}
      <section className={s.wall} aria-label="Now">
        <Big label="Open" value={String(data.open)} />
        <Big label="Waiting for an answer" value={String(data.waiting)} />
        <Big label="Longest wait" value={oldest === null ? '–' : span(oldest)} link={data.oldest_wait_conversation_id} />
        <Big label="Nobody’s" value={String(data.unassigned)} />
        <Big label="Snoozed" value={String(data.snoozed)} />
        <Big label="Agents online" value={`${here} of ${data.agents.length}`} bad={here === 0 && data.waiting > 0} />
        <Big
          label="Queue lag"
          value={data.inbound_lag_seconds < 1 ? 'none' : span(data.inbound_lag_seconds * 1000)}
          bad={data.inbound_lag_seconds > LATE_SECONDS}
        />
      </section>
      <div className={s.wallLists}>
        <section className={s.panel} aria-label="Agents">
          <h2>Agents</h2>
          <ul className={s.agents}>
            {data.agents.map((agent) => (
              <li key={agent.id} data-availability={agent.availability}>
                <i aria-hidden />
                <b>{agent.name}</b>
                <span>
                  {AVAILABILITY[agent.availability]}
                  {agent.reason && `: ${agent.reason}`}
                </span>
                <em>{plural(agent.open, 'conversation')}</em>
              </li>
            ))}
          </ul>
        </section>
        {data.teams.length > 0 && (
          <section className={s.panel} aria-label="Teams">
            <h2>Teams</h2>
            <ul className={s.agents}>
              {data.teams.map((team) => (
                <li key={team.id}>
                  <b>{team.name}</b>
                  <em>{plural(team.open, 'open conversation')}</em>
                </li>
              ))}
            </ul>
          </section>
        )}
      </div>
    </>
  )
}

function Big({ label, value, bad, link }: { label: string; value: string; bad?: boolean; link?: string | null }) {
  const content = (
    <>
      <span className={s.label}>{label}</span>
      <b>{value}</b>
    </>
  )
  return link ? (
    <Link to="/inbox/$conversationId" params={{ conversationId: link }} className={s.big} data-bad={bad || undefined}>
      {content}
    </Link>
  ) : (
    <div className={s.big} data-bad={bad || undefined}>
      {content}
    </div>
  )
}

/** Waits grow on the wall every second, not only when the server is asked. */
function useSeconds(): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [])
  return now
}
