import { Link, useParams } from '@tanstack/react-router'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, query } from '../lib/api'
import { useCan } from '../lib/session'
import type { Contact, Page } from '../lib/types'
import { Avatar } from '../ui/Avatar'
import { ChannelIcon } from '../ui/ChannelIcon'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState } from '../ui/ErrorState'
import { IconSearch, IconUsers } from '../ui/icons'
import { SearchBox, useSettled } from '../ui/SearchBox'
import { Skeleton } from '../ui/Skeleton'
import { TwoPane, moreBeforeEnd } from '../ui/TwoPane'
import { ContactDetail } from './ContactDetail'
import pane from '../ui/two-pane.module.css'
import s from './contacts.module.css'

const PAGE_SIZE = 50
const LOAD_BEFORE_END_PX = 800

export default function ContactsPage() {
  const { contactId } = useParams({ strict: false })
  return (
    <TwoPane
      title="Contacts"
      allowed={useCan('contacts.read')}
      list={<ContactList />}
      detail={contactId && <ContactDetail key={contactId} id={contactId} />}
      nothing={<EmptyState icon={IconUsers} title="No contact is open" text="Choose one to see its addresses, consent and whole history." />}
    />
  )
}

function ContactList() {
  const [text, setText] = useState('')
  const search = useSettled(text)
  const pages = useInfiniteQuery({
    queryKey: ['contacts', search],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<Contact>>(`/contacts${query({ q: search, cursor: pageParam, limit: PAGE_SIZE })}`, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })
  const { error, refetch } = pages
  const contacts = pages.data?.pages.flatMap((page) => page.items)

  return (
    <section className={pane.list} aria-label="Contacts">
      <div className={`${pane.listHead} ${s.listHead}`}>
        <h1>Contacts</h1>
        <Link to="/duplicates">Perhaps the same person</Link>
        <SearchBox label="Search contacts" placeholder="Search name or address" value={text} onChange={setText} />
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
        <nav className={pane.rows} aria-label="Contacts" onScroll={moreBeforeEnd(pages, LOAD_BEFORE_END_PX)}>
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
