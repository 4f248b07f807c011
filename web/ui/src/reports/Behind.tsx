import { Button, Drawer } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { api, query } from '../lib/api'
import { listTime } from '../lib/format'
import type { AnswerRow, EpisodeRow, Metric, Page } from '../lib/types'
import { METRICS } from '../sla/sla'
import { ChannelIcon } from '../ui/ChannelIcon'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState } from '../ui/ErrorState'
import { IconChartBar } from '../ui/icons'
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

/** The conversations, or the answers, that a number is made of. */
export function Behind({ drill, days, view, onClose }: BehindProps) {
  const { metric } = drill
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['report-rows', metric.key, drill.only, days, view.zone],
    queryFn: ({ pageParam }) =>
      api.get<Page<EpisodeRow | AnswerRow>>(
        `/reports/${metric.behind}${query({ ...days, zone: view.zone, metric: metric.key, only: drill.only, cursor: pageParam, limit: 40 })}`,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  })
  const items = data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Drawer opened onClose={onClose} position="right" size={460} title={`${metric.label}: ${drill.label}`}>
      <p className={s.definition}>{meaning(metric, view.hours)}</p>
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Skeleton height={200} />
      ) : items.length === 0 ? (
        <EmptyState icon={IconChartBar} title={metric.behind === 'answers' ? 'No answers' : 'No conversations'} text="Nothing lies behind this number on these days." />
      ) : (
        <>
          <ul className={s.rows}>
            {items.map((item) => ('score' in item ? <Answer key={item.id} answer={item} /> : <Episode key={item.id} episode={item} view={view} />))}
          </ul>
          {hasNextPage && (
            <Button variant="subtle" fullWidth loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              Show older
            </Button>
          )}
        </>
      )}
    </Drawer>
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
      {missed.length > 0 && <em>{` · late: ${missed.map(({ metric }) => METRICS[metric].toLowerCase()).join(', ')}`}</em>}
    </Row>
  )
}
