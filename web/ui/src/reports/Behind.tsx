import { Button, Drawer } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { api, query } from '../lib/api'
import { listTime } from '../lib/format'
import type { AnswerRow, EpisodeRow, Metric, Page, SolvedRow } from '../lib/types'
import { METRICS } from '../sla/sla'
import { ChannelIcon } from '../ui/ChannelIcon'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState } from '../ui/ErrorState'
import { IconChartBar, IconTicket } from '../ui/icons'
import { Skeleton } from '../ui/Skeleton'
import { meaning } from './Definition'
import { span } from './metrics'
import type { DaySpan } from './Span'
import type { View } from './view'
import s from './reports.module.css'

export interface Drill {
  metric: Metric
  only: string | null
  label: string
}

interface BehindProps {
  drill: Drill
  days: DaySpan
  view: View
  onClose: () => void
}

/** The conversations, tickets or answers that a number is made of. */
export function Behind({ drill, days, view, onClose }: BehindProps) {
  const { metric } = drill
  const main = useRows(metric.behind, drill, days, view)
  const solved = useRows('tickets', drill, days, view, metric.tickets)
  const tickets = metric.tickets ? solved.items : []
  const failed = [main, ...(metric.tickets ? [solved] : [])].find((each) => each.error && !each.data)
  const loading = !main.data || (metric.tickets && !solved.data)
  return (
    <Drawer opened onClose={onClose} position="right" size={460} title={`${metric.label}: ${drill.label}`}>
      <p className={s.definition}>{meaning(metric, view.hours)}</p>
      {failed ? (
        <ErrorState error={failed.error} onRetry={() => void failed.refetch()} />
      ) : loading ? (
        <Skeleton height={200} />
      ) : main.items.length + tickets.length === 0 ? (
        <EmptyState icon={IconChartBar} title={metric.behind === 'answers' ? 'No answers' : 'No conversations'} text="Nothing lies behind this number on these days." />
      ) : (
        <>
          <List rows={main} view={view} {...(tickets.length > 0 && { title: 'Conversations' })} />
          {metric.tickets && <List rows={solved} view={view} title="Tickets" />}
        </>
      )}
    </Drawer>
  )
}

type Source = Metric['behind'] | 'tickets'

function useRows(source: Source, { metric, only }: Drill, days: DaySpan, view: View, enabled = true) {
  const found = useInfiniteQuery({
    queryKey: ['report-rows', source, metric.key, only, days, view.zone],
    queryFn: ({ pageParam }) =>
      api.get<Page<EpisodeRow | AnswerRow | SolvedRow>>(
        `/reports/${source}${query({ ...days, zone: view.zone, metric: metric.key, only, cursor: pageParam, limit: 40 })}`,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    enabled,
  })
  return { ...found, items: found.data?.pages.flatMap((page) => page.items) ?? [] }
}

function List({ rows, view, title }: { rows: ReturnType<typeof useRows>; view: View; title?: string }) {
  if (rows.items.length === 0) return null
  return (
    <>
      {title && <h3 className={s.listTitle}>{title}</h3>}
      <ul className={s.rows}>
        {rows.items.map((item) =>
          'score' in item ? (
            <Answer key={item.id} answer={item} />
          ) : 'ticket_id' in item ? (
            <Solved key={item.id} row={item} />
          ) : (
            <Episode key={item.id} episode={item} view={view} />
          ),
        )}
      </ul>
      {rows.hasNextPage && (
        <Button variant="subtle" fullWidth loading={rows.isFetchingNextPage} onClick={() => void rows.fetchNextPage()}>
          Show older
        </Button>
      )}
    </>
  )
}

interface RowProps {
  row: { conversation_id: string; contact_name: string; channel: EpisodeRow['channel'] }
  at: string
  children: ReactNode
}

function Row({ row, at, children }: RowProps) {
  return (
    <li>
      <Link to="/inbox/$conversationId" params={{ conversationId: row.conversation_id }}>
        {row.channel && <ChannelIcon channel={row.channel} size={15} />}
        <b>{row.contact_name || 'Unknown'}</b>
        <time dateTime={at}>{listTime(at)}</time>
        <span>{children}</span>
      </Link>
    </li>
  )
}

function Answer({ answer }: { answer: AnswerRow }) {
  return (
    <Row row={answer} at={answer.answered_at}>
      Answered {answer.score}
      {answer.comment && `: “${answer.comment}”`}
    </Row>
  )
}

function Solved({ row }: { row: SolvedRow }) {
  const [kept, missed] = [row.promises.filter((each) => each.kept), row.promises.filter((each) => !each.kept)]
  return (
    <li>
      <Link to="/tickets/$ticketId" params={{ ticketId: row.ticket_id }}>
        <IconTicket size={15} aria-hidden />
        <b>
          #{row.number} {row.title}
        </b>
        <time dateTime={row.solved_at}>{listTime(row.solved_at)}</time>
        <span>
          {kept.length > 0 && `in time: ${wordsOf(kept)}`}
          {kept.length > 0 && missed.length > 0 && ' · '}
          {missed.length > 0 && <em>late: {wordsOf(missed)}</em>}
        </span>
      </Link>
    </li>
  )
}

const wordsOf = (promises: EpisodeRow['promises']) => promises.map(({ metric }) => METRICS[metric].toLowerCase()).join(', ')

function Episode({ episode, view }: { episode: EpisodeRow; view: View }) {
  const business = view.hours === 'business'
  const answered = business ? episode.business_first_response_ms : episode.first_response_ms
  const open = business ? episode.business_resolution_ms : episode.resolution_ms
  const missed = episode.promises.filter((promise) => !promise.kept)
  return (
    <Row row={episode} at={episode.closed_at}>
      {episode.first_response_ms === null ? 'no answer' : answered === null ? 'answered' : `answered in ${span(answered)}`}
      {open !== null && ` · open for ${span(open)}`}
      {episode.reopened && ' · reopened'}
      {missed.length > 0 && <em>{` · late: ${wordsOf(missed)}`}</em>}
    </Row>
  )
}
