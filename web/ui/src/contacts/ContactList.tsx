import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Suspense, lazy, useState } from 'react'
import { Going } from '../inbox/list/Going'
import { running } from '../inbox/list/bulk'
import { api, query } from '../lib/api'
import { plural } from '../lib/format'
import { useCan } from '../lib/session'
import { useCell } from '../lib/store'
import type { ContactRow, Page } from '../lib/types'
import { Avatar } from '../ui/Avatar'
import { Badge } from '../ui/Badge'
import { ChannelIcon } from '../ui/ChannelIcon'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState } from '../ui/ErrorState'
import { IconSearch, IconUsers } from '../ui/icons'
import { SearchBox, useSettled } from '../ui/SearchBox'
import { Skeleton } from '../ui/Skeleton'
import { moreBeforeEnd } from '../ui/TwoPane'
import { PeopleFilter } from './PeopleFilter'
import { EVERYBODY, choosePeople, chosenPeople, isNarrowed, narrow, people } from './contactLists'
import pane from '../ui/two-pane.module.css'
import s from './contacts.module.css'

const PeopleBar = lazy(() => import('./PeopleBar'))

const PAGE_SIZE = 50
const LOAD_BEFORE_END_PX = 800

export function ContactList() {
  const [text, setText] = useState('')
  const search = useSettled(text)
  const wanted = useCell(people)
  const { ids, all } = useCell(chosenPeople)
  const going = useCell(running)
  const mayWrite = useCan('contacts.write')
  const asked = { ...wanted, sort: search ? '' : wanted.sort }
  const pages = useInfiniteQuery({
    queryKey: ['contacts', search, asked],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<ContactRow>>(`/contacts${query({ q: search, ...asked, cursor: pageParam, limit: PAGE_SIZE })}`, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })
  const { data: counted } = useQuery({
    queryKey: ['contacts', 'count', wanted],
    queryFn: ({ signal }) => api.get<{ count: number; more: boolean }>(`/contacts/count${query({ ...wanted })}`, signal),
    enabled: search === '',
  })
  const { error, refetch } = pages
  const contacts = pages.data?.pages.flatMap((page) => page.items)
  const narrowed = isNarrowed(wanted)

  function toggle(id: string) {
    const next = new Set(ids)
    if (!next.delete(id)) next.add(id)
    choosePeople(next)
  }

  return (
    <section className={pane.list} aria-label="Contacts">
      <div className={`${pane.listHead} ${s.listHead}`}>
        <h1>
          Contacts
          {counted && !search && (
            <small>
              {plural(counted.count, 'person', 'people')}
              {counted.more && ' and more'}
            </small>
          )}
        </h1>
        <nav className={s.ways} aria-label="More about contacts">
          <Link to="/companies">Companies</Link>
          <Link to="/duplicates">Perhaps the same person</Link>
          <Link to="/data-health">Data health</Link>
          {mayWrite && <Link to="/imports">Import and export</Link>}
        </nav>
        <SearchBox label="Search contacts" placeholder="Search name, number or e-mail" value={text} onChange={setText} />
        <PeopleFilter searching={search !== ''} />
      </div>
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !contacts ? (
        <div className={s.listWaiting}>
          {Array.from({ length: 9 }, (_, index) => (
            <Skeleton key={index} height={38} />
          ))}
        </div>
      ) : contacts.length === 0 && !pages.hasNextPage ? (
        search || narrowed ? (
          <EmptyState
            icon={IconSearch}
            title="Nobody matches"
            text={search ? `No contact matches “${search}”.` : 'No contact has all of this.'}
            action={
              narrowed && (
                <Button variant="default" onClick={() => narrow({ ...EVERYBODY, sort: wanted.sort })}>
                  Show everybody
                </Button>
              )
            }
          />
        ) : (
          <EmptyState icon={IconUsers} title="No contacts yet" text="Everybody who writes to you appears here." />
        )
      ) : (
        <nav className={pane.rows} aria-label="Contacts" onScroll={moreBeforeEnd(pages, LOAD_BEFORE_END_PX)}>
          {contacts.map((contact) => (
            <div key={contact.id} className={s.line} data-chosen={ids.has(contact.id) || all || undefined}>
              {mayWrite && (
                <label className={s.choose}>
                  <input type="checkbox" aria-label={`Choose ${contact.name}`} checked={all || ids.has(contact.id)} onChange={() => toggle(contact.id)} />
                </label>
              )}
              <Row contact={contact} />
            </div>
          ))}
          {pages.hasNextPage && (
            <button type="button" className={s.further} disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
              {pages.isFetchingNextPage ? 'Looking further…' : 'Show more'}
            </button>
          )}
        </nav>
      )}
      <Suspense fallback={null}>
        {ids.size > 0 ? <PeopleBar loaded={contacts?.length ?? 0} counted={search ? null : (counted ?? null)} /> : going?.about === 'contacts' && <Going now={going} />}
      </Suspense>
    </section>
  )
}

function Row({ contact }: { contact: ContactRow }) {
  const handle = contact.addresses.find((address) => address.label !== contact.name)?.label ?? contact.addresses[0]?.label
  return (
    <Link to="/contacts/$contactId" params={{ contactId: contact.id }} className={s.row} preload={false}>
      <Avatar name={contact.name} hue={contact.avatar_hue} size={34} />
      <span>
        <b>{contact.name}</b>
        <small>{[contact.company?.name, handle].filter(Boolean).join(' · ')}</small>
      </span>
      <span className={s.rowChannels}>
        {contact.churn_risk === 'high' && (
          <Badge tone="danger" title="May well leave: health of 100">
            {contact.health}
          </Badge>
        )}
        {[...new Set(contact.addresses.map((address) => address.channel))].map((channel) => (
          <ChannelIcon key={channel} channel={channel} size={15} />
        ))}
      </span>
    </Link>
  )
}
