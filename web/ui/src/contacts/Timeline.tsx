import { Button } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
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
import { EVERYTHING, TimelineFilters, asQuery, type Filters } from './TimelineFilters'
import s from './contacts.module.css'

const PAGE_SIZE = 50

interface EntriesPage {
  items: Entry[]
  next_before: number | null
}

interface TimelineProps {
  contactId: string
  /** whose thread it is read from; otherwise the contact's whole story */
  conversationId?: string
  /** goes to the place of an entry in its conversation */
  onShow?: (entry: Entry) => void
}

/** Everything that happened with a contact, on all channels, newest first, or the part of it that one asks for. */
export function Timeline({ contactId, conversationId, onShow }: TimelineProps) {
  const [filters, setFilters] = useState(EVERYTHING)
  return (
    <>
      <TimelineFilters filters={filters} onChange={setFilters} />
      <Entries contactId={contactId} conversationId={conversationId} filters={filters} onShow={onShow} />
    </>
  )
}

function Entries({ contactId, conversationId, filters, onShow }: { [Name in keyof TimelineProps]: TimelineProps[Name] | undefined } & { contactId: string; filters: Filters }) {
  const path = conversationId ? `/conversations/${conversationId}` : `/contacts/${contactId}`
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['contact', contactId, 'entries', path, filters],
    queryFn: ({ pageParam, signal }) =>
      api.get<EntriesPage>(`${path}/entries${query({ before: pageParam, limit: PAGE_SIZE, ...asQuery(filters) })}`, signal),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next_before,
    placeholderData: keepPreviousData,
  })
  const found = data?.pages.reduce((sum, page) => sum + page.items.length, 0) ?? 0
  // A page of something rare may be short: where nothing is found yet, the next is asked for.
  useEffect(() => {
    if (found === 0 && hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [found, hasNextPage, isFetchingNextPage, fetchNextPage])
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
  if (entries.length === 0) {
    if (hasNextPage) return <Skeleton width="80%" height={34} />
    return <EmptyState icon={IconClock} title={filters === EVERYTHING ? 'Nothing has happened yet' : 'Nothing like this has happened'} />
  }
  return (
    <div className={s.timeline} tabIndex={0} role="group" aria-label="Timeline">
      <ol>
        {entries.map((entry, index) => (
          <TimelineRow key={entry.id} entry={entry} newDay={dayKey(entry.at) !== dayKey(entries[index - 1]?.at ?? '')} onShow={onShow} />
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

function TimelineRow({ entry, newDay, onShow }: { entry: Entry; newDay: boolean; onShow: ((entry: Entry) => void) | undefined }) {
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
        {onShow ? (
          <button type="button" title={`${fullTime(entry.at)}: show it in the conversation`} onClick={() => onShow(entry)}>
            <time dateTime={entry.at}>{clock(entry.at)}</time>
          </button>
        ) : (
          <time dateTime={entry.at} title={fullTime(entry.at)}>
            {clock(entry.at)}
          </time>
        )}
      </li>
    </>
  )
}
