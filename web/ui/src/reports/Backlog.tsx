import { Button, Drawer } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type CSSProperties } from 'react'
import { api, query } from '../lib/api'
import { count, listTime } from '../lib/format'
import type { Backlog as Ages, BacklogAges, BacklogRow, Page } from '../lib/types'
import { ChannelIcon } from '../ui/ChannelIcon'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState } from '../ui/ErrorState'
import { IconCircleCheck, IconDownload } from '../ui/icons'
import { Skeleton } from '../ui/Skeleton'
import s from './reports.module.css'

type Subject = BacklogRow['subject']
type Part = BacklogAges['parts'][number]
const TITLES: Record<Subject, string> = { conversations: 'Open conversations by age', tickets: 'Open tickets by age' }

interface Drill {
  subject: Subject
  part: Part
}

/** How long what is not done has been open. */
export function Backlog() {
  const [drill, setDrill] = useState<Drill | null>(null)
  const { data, error, refetch } = useQuery({
    queryKey: ['backlog'],
    queryFn: () => api.get<Ages>('/reports/backlog'),
    refetchInterval: drill ? false : 60_000,
  })
  if (error && !data) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!data) return <Skeleton height={300} />
  return (
    <>
      <div className={s.wallLists}>
        {(['conversations', 'tickets'] as const).map((subject) => (
          <Distribution key={subject} title={TITLES[subject]} ages={data[subject]} onDrill={(part) => setDrill({ subject, part })} />
        ))}
      </div>
      <p className={s.foot}>
        As it is now.{' '}
        <a href="/api/v1/reports/backlog/csv" download>
          <IconDownload size={14} aria-hidden /> Download as CSV
        </a>
      </p>
      {drill && <Rows drill={drill} at={data.at} onClose={() => setDrill(null)} />}
    </>
  )
}

/** A table whose numbers have a length: read, heard and looked at alike. */
function Distribution({ title, ages, onDrill }: { title: string; ages: BacklogAges; onDrill: (part: Part) => void }) {
  const most = Math.max(1, ...ages.parts.map((part) => part.count))
  const all = ages.parts.reduce((sum, part) => sum + part.count, 0)
  return (
    <section className={s.panel} aria-label={title}>
      <header className={s.panelHead}>
        <h2>{title}</h2>
        <p>{ages.definition}</p>
      </header>
      {all === 0 ? (
        <EmptyState icon={IconCircleCheck} title="Nothing is open" />
      ) : (
        <table className={s.ages} aria-label={title}>
          <tbody>
            {ages.parts.map((part) => (
              <tr key={part.key}>
                <th scope="row">{part.label}</th>
                <td>
                  {part.count > 0 && <span className={s.bar} aria-hidden style={{ '--share': part.count / most } as CSSProperties} data-old={part.key === 'older' || undefined} />}
                </td>
                <td>
                  <button type="button" disabled={!part.count} aria-label={`${part.label}: ${shownOf(part)}`} onClick={() => onDrill(part)}>
                    {shownOf(part)}
                  </button>
                </td>
                <td>{Math.round((100 * part.count) / all)} %</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

const shownOf = (part: Part) => `${count(part.count)}${part.more ? '+' : ''}`

function Rows({ drill, at, onClose }: { drill: Drill; at: string; onClose: () => void }) {
  const { subject, part } = drill
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['backlog-rows', subject, part.key, at],
    queryFn: ({ pageParam }) => api.get<Page<BacklogRow>>(`/reports/backlog/rows${query({ subject, range: part.key, at, cursor: pageParam, limit: 40 })}`),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  })
  const items = data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Drawer opened onClose={onClose} position="right" size={460} title={`${TITLES[subject]}: ${part.label.toLowerCase()}`}>
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Skeleton height={200} />
      ) : items.length === 0 ? (
        <EmptyState icon={IconCircleCheck} title="Done meanwhile" />
      ) : (
        <ul className={s.rows}>
          {items.map((row) => (
            <li key={row.id}>
              {row.subject === 'tickets' ? (
                <Link to="/tickets/$ticketId" params={{ ticketId: row.id }}>
                  <Told row={row} />
                </Link>
              ) : (
                <Link to="/inbox/$conversationId" params={{ conversationId: row.id }}>
                  <Told row={row} />
                </Link>
              )}
            </li>
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button variant="subtle" fullWidth loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Show younger
        </Button>
      )}
    </Drawer>
  )
}

function Told({ row }: { row: BacklogRow }) {
  return (
    <>
      {row.channel && <ChannelIcon channel={row.channel} size={15} />}
      <b>{row.label || 'Unknown'}</b>
      <time dateTime={row.opened_at}>{listTime(row.opened_at)}</time>
      <span>{row.assignee_id ? 'with somebody' : 'nobody’s'}</span>
    </>
  )
}
