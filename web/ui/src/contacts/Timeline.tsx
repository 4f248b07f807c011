import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { api, query } from '../lib/api'
import { clock, dayKey, dayLabel, fullTime } from '../lib/format'
import type { Entry } from '../lib/types'
import { eventText } from '../inbox/thread/eventText'
import { quoteText } from '../inbox/thread/plainText'
import { Ticks } from '../inbox/Ticks'
import { ChannelIcon } from '../ui/ChannelIcon'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState } from '../ui/ErrorState'
import { Skeleton } from '../ui/Skeleton'
import { IconClock, IconLock } from '../ui/icons'
import s from './contacts.module.css'

const PAGE_SIZE = 50

interface EntriesPage {
  items: Entry[]
  has_more: boolean
}

/** Everything that happened with a contact, on all channels, newest first. */
export function Timeline({ contactId }: { contactId: string }) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['contact', contactId, 'entries'],
    queryFn: ({ pageParam }) =>
      api.get<EntriesPage>(`/contacts/${contactId}/entries${query({ before: pageParam, limit: PAGE_SIZE })}`),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => (page.has_more ? (page.items[0]?.number ?? null) : null),
  })
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!data) {
    return (
      <div className={s.timelineWaiting}>
        {[70, 90, 60, 80].map((width) => (
          <Skeleton key={width} width={`${width}%`} height={34} />
        ))}
      </div>
    )
  }
  const entries = data.pages.flatMap((page) => page.items.toReversed())
  if (entries.length === 0) return <EmptyState icon={IconClock} title="Nothing has happened yet" />
  return (
    <div className={s.timeline} tabIndex={0} role="group" aria-label="Timeline">
      <ol>
        {entries.map((entry, index) => (
          <TimelineRow key={entry.id} entry={entry} newDay={dayKey(entry.at) !== dayKey(entries[index - 1]?.at ?? '')} />
        ))}
      </ol>
      {hasNextPage && (
        <Button variant="subtle" size="compact-sm" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Earlier
        </Button>
      )}
    </div>
  )
}

function TimelineRow({ entry, newDay }: { entry: Entry; newDay: boolean }) {
  const isMessage = entry.kind === 'message'
  return (
    <>
      {newDay && <li className={s.timelineDay}>{dayLabel(entry.at)}</li>}
      <li className={s.timelineRow} data-kind={entry.kind}>
        <span className={s.timelineIcon}>
          {isMessage && entry.channel ? (
            <ChannelIcon channel={entry.channel} size={15} />
          ) : entry.kind === 'note' ? (
            <IconLock size={14} />
          ) : (
            <i />
          )}
        </span>
        <span className={s.timelineText}>
          {isMessage || entry.kind === 'note' ? (
            <>
              <b>{entry.author?.name ?? 'Unknown'}</b>
              <span>{entry.deleted_at ? 'Message deleted' : quoteText(entry)}</span>
            </>
          ) : (
            <span>{eventText(entry)}</span>
          )}
        </span>
        {entry.direction === 'out' && entry.status && <Ticks status={entry.status} times={entry.status_times} />}
        <time dateTime={entry.at} title={fullTime(entry.at)}>
          {clock(entry.at)}
        </time>
      </li>
    </>
  )
}
