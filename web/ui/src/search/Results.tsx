import { useInfiniteQuery, useQuery, type QueryFunctionContext } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useRef, type ReactNode } from 'react'
import { open, openAt } from '../inbox/selection'
import { useNow } from '../inbox/useNow'
import { api, query } from '../lib/api'
import { listTime } from '../lib/format'
import type { Found, MessageHits } from '../lib/types'
import { Avatar } from '../ui/Avatar'
import { ChannelIcon } from '../ui/ChannelIcon'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState } from '../ui/ErrorState'
import { Marked } from '../ui/Marked'
import { IconNote, IconSearch, IconTicket } from '../ui/icons'
import s from './search.module.css'

/** What a search finds beside the conversations of the list: messages with their words marked, people, tickets. */
export default function Results({ q }: { q: string }) {
  const box = useRef<HTMLDivElement>(null)
  const now = useNow()
  const first = useQuery({
    queryKey: ['search', q],
    queryFn: ({ signal }) => api.get<Found>(`/search${query({ q })}`, signal),
    staleTime: 5_000,
  })
  const more = useInfiniteQuery({
    queryKey: ['search', q, 'more'],
    queryFn: ({ pageParam, signal }: QueryFunctionContext<unknown[], string>) =>
      api.get<MessageHits>(`/search/messages${query({ q, cursor: pageParam })}`, signal),
    initialPageParam: first.data?.messages.next_cursor ?? '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    enabled: false,
  })

  if (first.error) return <ErrorState error={first.error} onRetry={() => void first.refetch()} />
  if (!first.data) {
    return (
      <div className={s.quiet} role="status">
        Searching…
      </div>
    )
  }
  const { contacts, tickets } = first.data
  const pages = more.data?.pages ?? []
  const messages = [...first.data.messages.items, ...pages.flatMap((page) => page.items)]
  const hasMore = pages.length > 0 ? more.hasNextPage : first.data.messages.next_cursor !== null
  if (messages.length + contacts.length + tickets.length === 0 && !hasMore) {
    return <EmptyState icon={IconSearch} title="Nothing found" text={`No message, person or ticket has “${q}”.`} />
  }

  /** Up and down move between hits; Enter opens one, as it is a button. */
  function move(step: number) {
    const hits = [...(box.current?.querySelectorAll<HTMLElement>('[data-hit]') ?? [])]
    const at = hits.indexOf(document.activeElement as HTMLElement)
    hits[Math.max(0, Math.min(hits.length - 1, at + step))]?.focus()
  }

  return (
    <div
      ref={box}
      className={s.results}
      role="region"
      aria-label="Search results"
      onKeyDown={(event) => {
        const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
        if (!step) return
        event.preventDefault()
        event.stopPropagation()
        move(step)
      }}
    >
      {contacts.length > 0 && (
        <Group title="People">
          {contacts.map((hit) => (
            <button key={hit.contact_id} type="button" data-hit className={s.hit} onClick={() => open(hit.conversation_id)}>
              <Avatar name={hit.name} hue={hit.avatar_hue} size={26} />
              <b>{hit.name}</b>
            </button>
          ))}
        </Group>
      )}
      {tickets.length > 0 && (
        <Group title="Tickets">
          {tickets.map((hit) => (
            <Link key={hit.ticket_id} to={`/tickets/${hit.ticket_id}` as string} data-hit className={s.hit}>
              <IconTicket size={17} aria-hidden />
              <span className={s.number}>#{hit.number}</span>
              <b>{hit.title}</b>
            </Link>
          ))}
        </Group>
      )}
      {(messages.length > 0 || hasMore) && (
        <Group title="Messages">
          {messages.map((hit) => (
            <button key={hit.entry_id} type="button" data-hit className={s.message} onClick={() => openAt(hit.conversation_id, hit.entry_id)}>
              <span className={s.top}>
                {hit.kind === 'note' ? <IconNote size={14} aria-label="Private note" /> : hit.channel && <ChannelIcon channel={hit.channel} size={13} />}
                <b>{hit.contact_name}</b>
                <time dateTime={hit.at}>{listTime(hit.at, now)}</time>
              </span>
              <span className={s.text}>
                {hit.direction !== 'in' && hit.author_name && <i>{hit.author_name}: </i>}
                <Marked text={hit.text} marks={hit.marks} />
              </span>
            </button>
          ))}
          {hasMore && (
            <button type="button" data-hit className={s.more} disabled={more.isFetching} onClick={() => void more.fetchNextPage()}>
              {more.isFetching ? 'Searching…' : 'Search further back'}
            </button>
          )}
        </Group>
      )}
    </div>
  )
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={s.group} aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  )
}

/** Places are counted in characters, not in the halves of them that JavaScript counts. */
