import { Button, NativeSelect } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useMembers } from '../inbox/presence'
import { useNow } from '../inbox/useNow'
import { api, query } from '../lib/api'
import { listTime } from '../lib/format'
import { useShortcut } from '../lib/keys'
import { useCan, useMe } from '../lib/session'
import type { Page, TicketRow } from '../lib/types'
import { Avatar } from '../ui/Avatar'
import { Badge } from '../ui/Badge'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState } from '../ui/ErrorState'
import { IconFlag, IconPlus, IconSearch, IconTicket } from '../ui/icons'
import { SlaMark } from '../sla/SlaMark'
import { SearchBox, useSettled } from '../ui/SearchBox'
import { Skeleton } from '../ui/Skeleton'
import { TwoPane, moreBeforeEnd } from '../ui/TwoPane'
import { CreateTicketDialog } from './CreateTicketDialog'
import { Tabs } from './Tabs'
import { TicketDetail } from './TicketDetail'
import { PRIORITIES, STATUSES, STATUS_TONES, options, useForms } from './tickets'
import pane from '../ui/two-pane.module.css'
import s from './tickets.module.css'

const PAGE_SIZE = 40
const LOAD_BEFORE_END_PX = 600

const VIEWS = {
  active: 'Active',
  mine: 'Mine',
  unassigned: 'Nobody’s',
  attention: 'Needs my attention',
  breached: 'Promise missed',
  flagged: 'Unresolved for too long',
  done: 'Solved and closed',
}
type View = keyof typeof VIEWS

export default function TicketsPage() {
  const { ticketId } = useParams({ strict: false })
  return (
    <TwoPane
      title="Tickets"
      allowed={useCan('inbox.read')}
      wide
      list={<TicketList />}
      detail={ticketId && <TicketDetail key={ticketId} id={ticketId} />}
      nothing={<EmptyState icon={IconTicket} title="No ticket is open" text="Choose one to see what it is about and what happened so far." />}
    />
  )
}

function TicketList() {
  const me = useMe().member
  const navigate = useNavigate()
  const mayReply = useCan('inbox.reply')
  const forms = useForms()
  const members = useMembers()
  const now = useNow()
  const [text, setText] = useState('')
  const search = useSettled(text)
  const [view, setView] = useState<View>('active')
  const [priority, setPriority] = useState('')
  const [category, setCategory] = useState('')
  const [creating, setCreating] = useState(false)
  const filter = {
    q: search,
    view: view === 'mine' || view === 'unassigned' ? 'active' : view,
    owner_id: view === 'mine' ? me.id : view === 'unassigned' ? 'none' : '',
    priority,
    category_id: category,
    limit: PAGE_SIZE,
  }
  const pages = useInfiniteQuery({
    queryKey: ['tickets', filter],
    queryFn: ({ pageParam, signal }) => api.get<Page<TicketRow>>(`/tickets${query({ ...filter, cursor: pageParam })}`, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = pages
  const tickets = data?.pages.flatMap((page) => page.items)
  const short = tickets !== undefined && tickets.length < PAGE_SIZE / 2 && hasNextPage && !isFetchingNextPage

  useEffect(() => {
    // A page may be short though more would fit; the list goes on until it fills the screen.
    if (short) void fetchNextPage()
  }, [short, fetchNextPage])
  useShortcut('c', 'New ticket', 'Conversations', () => setCreating(true), mayReply)

  return (
    <section className={pane.list} aria-label="Tickets">
      <div className={pane.listHead}>
        <div className={s.listTitle}>
          <Tabs title="Tickets" />
          {mayReply && (
            <Button size="xs" leftSection={<IconPlus size={15} />} onClick={() => setCreating(true)}>
              New
            </Button>
          )}
        </div>
        <SearchBox label="Search tickets" placeholder="Search number or title" value={text} onChange={setText} />
        <div className={pane.filters}>
          <NativeSelect
            size="xs"
            aria-label="Show"
            value={view}
            data={options(VIEWS)}
            onChange={(event) => setView(event.currentTarget.value as View)}
          />
          <NativeSelect
            size="xs"
            aria-label="Priority"
            value={priority}
            data={[{ value: '', label: 'Any priority' }, ...options(PRIORITIES)]}
            onChange={(event) => setPriority(event.currentTarget.value)}
          />
          {(forms?.categories?.length ?? 0) > 0 && (
            <NativeSelect
              size="xs"
              aria-label="Category"
              value={category}
              data={[{ value: '', label: 'Any category' }, ...(forms?.categories ?? []).map((each) => ({ value: each.id, label: each.name }))]}
              onChange={(event) => setCategory(event.currentTarget.value)}
            />
          )}
        </div>
      </div>
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !tickets ? (
        <div className={s.waiting}>
          {Array.from({ length: 8 }, (_, index) => (
            <Skeleton key={index} height={52} />
          ))}
        </div>
      ) : tickets.length === 0 && !hasNextPage ? (
        search || priority || category || view !== 'active' ? (
          <EmptyState icon={IconSearch} title="No ticket fits" text="Nothing matches this search and these filters." />
        ) : (
          <EmptyState
            icon={IconTicket}
            title="No tickets yet"
            text="Make one from a conversation when a problem needs an owner and a deadline."
          />
        )
      ) : (
        <nav className={pane.rows} aria-label="Tickets" onScroll={moreBeforeEnd(pages, LOAD_BEFORE_END_PX)}>
          {tickets.map((ticket) => (
            <Row key={ticket.id} ticket={ticket} owner={members.find((member) => member.id === ticket.owner_id)} now={now} />
          ))}
        </nav>
      )}
      {creating && (
        <CreateTicketDialog
          onClose={() => setCreating(false)}
          onMade={(made) => void navigate({ to: '/tickets/$ticketId', params: { ticketId: made.id } })}
        />
      )}
    </section>
  )
}

interface RowProps {
  ticket: TicketRow
  owner: { name: string; avatar_hue: number } | undefined
  now: number
}

function Row({ ticket, owner, now }: RowProps) {
  return (
    <Link to="/tickets/$ticketId" params={{ ticketId: ticket.id }} className={s.row} preload={false}>
      <span className={s.rowTop}>
        <b>{ticket.title}</b>
        <time dateTime={ticket.updated_at}>{listTime(ticket.updated_at, now)}</time>
      </span>
      <span className={s.rowBottom}>
        <span className={s.rowWho}>
          #{ticket.number} · {ticket.contact.name}
        </span>
        {ticket.flagged_at && (
          <span className={s.flag} title="Unresolved for too long">
            <IconFlag size={14} aria-label="Unresolved for too long" />
          </span>
        )}
        <SlaMark sla={ticket.sla} now={now} />
        <PriorityMark priority={ticket.priority} />
        <Badge tone={STATUS_TONES[ticket.status]}>{STATUSES[ticket.status]}</Badge>
        {owner && <Avatar name={owner.name} hue={owner.avatar_hue} size={20} />}
      </span>
    </Link>
  )
}

/** Only what stands out is marked. */
export function PriorityMark({ priority }: { priority: TicketRow['priority'] }) {
  if (priority !== 'high' && priority !== 'urgent') return null
  return <Badge tone={priority === 'urgent' ? 'danger' : 'warn'}>{PRIORITIES[priority]}</Badge>
}
