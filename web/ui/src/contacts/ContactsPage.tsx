import { Link, useParams } from '@tanstack/react-router'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState, type UIEvent } from 'react'
import { api, query } from '../lib/api'
import { useShortcut } from '../lib/keys'
import { usePhone } from '../lib/media'
import { useCan } from '../lib/session'
import type { Contact, Page } from '../lib/types'
import { Avatar } from '../ui/Avatar'
import { ChannelIcon } from '../ui/ChannelIcon'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState, NoPermission } from '../ui/ErrorState'
import { IconSearch, IconUsers, IconX } from '../ui/icons'
import { Skeleton } from '../ui/Skeleton'
import { ContactDetail } from './ContactDetail'
import s from './contacts.module.css'

const PAGE_SIZE = 50
const SEARCH_AFTER_MS = 180
const LOAD_BEFORE_END_PX = 800

export default function ContactsPage() {
  const { contactId } = useParams({ strict: false })
  const allowed = useCan('contacts.read')
  const phone = usePhone()

  useEffect(() => {
    if (!contactId) document.title = 'Contacts · Parley'
  }, [contactId])

  if (!allowed) {
    return (
      <main className={s.page}>
        <NoPermission />
      </main>
    )
  }
  return (
    <main className={s.page}>
      {!(phone && contactId) && <ContactList />}
      {contactId ? (
        <ContactDetail key={contactId} id={contactId} />
      ) : (
        !phone && (
          <div className={s.nothing}>
            <EmptyState icon={IconUsers} title="No contact is open" text="Choose one to see its addresses, consent and whole history." />
          </div>
        )
      )}
    </main>
  )
}

function ContactList() {
  const [text, setText] = useState('')
  const [search, setSearch] = useState('')
  const input = useRef<HTMLInputElement>(null)
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['contacts', search],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<Contact>>(`/contacts${query({ q: search, cursor: pageParam, limit: PAGE_SIZE })}`, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })
  const contacts = data?.pages.flatMap((page) => page.items)

  useEffect(() => {
    const timer = setTimeout(() => setSearch(text.trim()), text ? SEARCH_AFTER_MS : 0)
    return () => clearTimeout(timer)
  }, [text])
  useShortcut('/', 'Search', 'Conversations', () => input.current?.focus())

  function onScroll({ currentTarget: element }: UIEvent<HTMLElement>) {
    const left = element.scrollHeight - element.scrollTop - element.clientHeight
    if (left < LOAD_BEFORE_END_PX && hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }

  return (
    <section className={s.list} aria-label="Contacts">
      <div className={s.listHead}>
        <h1>Contacts</h1>
        <div className={s.search}>
          <IconSearch size={15} aria-hidden />
          <input
            ref={input}
            type="search"
            aria-label="Search contacts"
            placeholder="Search name or address"
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          {text && (
            <button type="button" aria-label="Clear search" onClick={() => setText('')}>
              <IconX size={14} />
            </button>
          )}
        </div>
      </div>
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !contacts ? (
        <div className={s.listWaiting}>
          {Array.from({ length: 9 }, (_, index) => (
            <Skeleton key={index} height={38} />
          ))}
        </div>
      ) : contacts.length === 0 ? (
        search ? (
          <EmptyState icon={IconSearch} title="Nobody matches" text={`No contact matches “${search}”.`} />
        ) : (
          <EmptyState icon={IconUsers} title="No contacts yet" text="Everybody who writes to you appears here." />
        )
      ) : (
        <nav className={s.rows} aria-label="Contacts" onScroll={onScroll}>
          {contacts.map((contact) => (
            <Link key={contact.id} to="/contacts/$contactId" params={{ contactId: contact.id }} className={s.row} preload={false}>
              <Avatar name={contact.name} hue={contact.avatar_hue} size={34} />
              <span>
                <b>{contact.name}</b>
                <small>{contact.addresses.find((address) => address.label !== contact.name)?.label ?? contact.addresses[0]?.label}</small>
              </span>
              <span className={s.rowChannels}>
                {[...new Set(contact.addresses.map((address) => address.channel))].map((channel) => (
                  <ChannelIcon key={channel} channel={channel} size={15} />
                ))}
              </span>
            </Link>
          ))}
        </nav>
      )}
    </section>
  )
}
