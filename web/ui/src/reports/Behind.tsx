import { Button, Drawer } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { api, query } from '../lib/api'
import { listTime } from '../lib/format'
import type { EpisodeRow, Metric, Page } from '../lib/types'
import { ChannelIcon } from '../ui/ChannelIcon'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState } from '../ui/ErrorState'
import { IconChartBar } from '../ui/icons'
import { Skeleton } from '../ui/Skeleton'
import { span } from './metrics'
import type { DaySpan } from './Span'
import s from './reports.module.css'

export interface Drill {
  metric: Metric
  only: string | null
  label: string
}

/** The conversations that a number is made of. */
export function Behind({ drill, days, onClose }: { drill: Drill; days: DaySpan; onClose: () => void }) {
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['episodes', drill.metric.key, drill.only, days.first, days.last],
    queryFn: ({ pageParam }) =>
      api.get<Page<EpisodeRow>>(
        `/reports/episodes${query({ ...days, metric: drill.metric.key, only: drill.only, cursor: pageParam, limit: 40 })}`,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  })
  const items = data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Drawer opened onClose={onClose} position="right" size={460} title={`${drill.metric.label}: ${drill.label}`}>
      <p className={s.definition}>{drill.metric.definition}</p>
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Skeleton height={200} />
      ) : items.length === 0 ? (
        <EmptyState icon={IconChartBar} title="No conversations" text="Answers to questions after closing count on the day they came." />
      ) : (
        <>
          <ul className={s.rows}>
            {items.map((item) => (
              <li key={item.id}>
                <Link to="/inbox/$conversationId" params={{ conversationId: item.conversation_id }}>
                  {item.channel && <ChannelIcon channel={item.channel} size={15} />}
                  <b>{item.contact_name || 'Unknown'}</b>
                  <time dateTime={item.closed_at}>{listTime(item.closed_at)}</time>
                  <span>
                    {item.first_response_ms === null ? 'no answer' : `answered in ${span(item.first_response_ms)}`} · open for{' '}
                    {span(item.resolution_ms ?? 0)}
                    {item.reopened && ' · reopened'}
                  </span>
                </Link>
              </li>
            ))}
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
