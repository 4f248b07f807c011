import { Button, Progress } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Suspense, lazy, useEffect, useState } from 'react'
import { api, query } from '../lib/api'
import { ago, count, plural } from '../lib/format'
import { queryClient } from '../lib/query'
import { useCan } from '../lib/session'
import { setTitle } from '../lib/title'
import { toastError } from '../lib/toast'
import type { ContactRow, Duplicate, DuplicateSearch, Page } from '../lib/types'
import { Avatar } from '../ui/Avatar'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState, NoPermission } from '../ui/ErrorState'
import { Skeleton } from '../ui/Skeleton'
import { IconUsers } from '../ui/icons'
import { tellApart } from './merging'
import s from './merging.module.css'

const MergeDialog = lazy(() => import('./MergeDialog'))
const PAGE_SIZE = 30

/** Every pair of contacts that may be one person and that nobody has decided about. */
export default function DuplicatesPage() {
  const allowed = useCan('contacts.read')
  useEffect(() => setTitle('Perhaps the same person · Parley'), [])
  return <main className={s.page}>{allowed ? <Pairs /> : <NoPermission />}</main>
}

function Pairs() {
  const mayWrite = useCan('contacts.write')
  const [merging, setMerging] = useState<Duplicate | null>(null)
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['duplicates', 'pairs'],
    queryFn: ({ pageParam, signal }) => api.get<Page<Duplicate>>(`/duplicates${query({ cursor: pageParam, limit: PAGE_SIZE })}`, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })
  const pairs = data?.pages.flatMap((page) => page.items)
  const [first, second] = merging?.contacts ?? []
  const search = useSearch()
  const running = search?.state === 'running'

  async function lookThrough() {
    try {
      queryClient.setQueryData(SEARCH, await api.post<Searched>('/duplicates/look'))
    } catch (refusal) {
      toastError('Nothing was looked through', refusal)
    }
  }

  return (
    <>
      <header className={s.pageHead}>
        <div>
          <Link to="/contacts">Contacts</Link>
          <h1>Perhaps the same person</h1>
        </div>
        {mayWrite && (
          <Button variant="default" loading={running} onClick={() => void lookThrough()}>
            Look through all contacts
          </Button>
        )}
      </header>
      {search && <Looked search={search} />}
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !pairs ? (
        <div className={s.waiting}>
          {[1, 2, 3, 4].map((each) => (
            <Skeleton key={each} height={92} />
          ))}
        </div>
      ) : pairs.length === 0 ? (
        <EmptyState icon={IconUsers} title="Nobody seems to be here twice" text="Contacts that share a number, an e-mail address or a name appear here, with the reason." />
      ) : (
        <ul className={s.pairs} aria-label="Pairs of contacts">
          {pairs.map((pair) => (
            <li key={pair.id}>
              <div className={s.pair}>
                {pair.contacts.map((contact) => (
                  <Person key={contact.id} contact={contact} />
                ))}
              </div>
              <div className={s.reasons}>
                {pair.reasons.map((reason) => (
                  <p key={reason.words} data-proved={reason.code === 'proved' || undefined}>
                    {reason.words}
                  </p>
                ))}
              </div>
              {mayWrite && (
                <div className={s.decide}>
                  <Button size="compact-sm" variant="light" aria-label={`Look at merging ${namesOf(pair)}`} onClick={() => setMerging(pair)}>
                    Look at merging…
                  </Button>
                  <Button size="compact-sm" variant="subtle" aria-label={`${namesOf(pair)} are not the same`} onClick={() => void tellApart(pair)}>
                    Not the same
                  </Button>
                </div>
              )}
            </li>
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button variant="subtle" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Show more
        </Button>
      )}
      <Suspense fallback={null}>{first && second && <MergeDialog contact={first} otherId={second.id} onClose={() => setMerging(null)} />}</Suspense>
    </>
  )
}

interface Searched {
  search: DuplicateSearch | null
}

const SEARCH = ['duplicates', 'search']

/** Looking through all contacts, now or the last time. */
function useSearch(): DuplicateSearch | null {
  const { data } = useQuery({ queryKey: SEARCH, queryFn: ({ signal }) => api.get<Searched>('/duplicates/look', signal) })
  return data?.search ?? null
}

function Looked({ search }: { search: DuplicateSearch }) {
  const found = search.found === 0 ? 'no new pair' : search.found === 1 ? 'one new pair' : `${count(search.found)} new pairs`
  if (search.state === 'running') {
    return (
      <div className={s.looked} role="status">
        <Progress value={Math.max(3, search.share * 100)} animated aria-label="How far it is" />
        {plural(search.looked_at, 'contact')} looked at, {found} so far. You need not wait here.
      </div>
    )
  }
  return (
    <p className={s.looked} role="status">
      {search.by_name} had {plural(search.looked_at, 'contact')} looked through {ago(search.started_at)}: {found}.
    </p>
  )
}

const namesOf = (pair: Duplicate) => pair.contacts.map((each) => each.name).join(' and ')

function Person({ contact }: { contact: ContactRow }) {
  return (
    <Link to="/contacts/$contactId" params={{ contactId: contact.id }} className={s.person}>
      <Avatar name={contact.name} hue={contact.avatar_hue} size={34} />
      <span className={s.who}>
        <b>{contact.name}</b>
        <small>{contact.addresses.map((address) => address.label).join(', ')}</small>
      </span>
    </Link>
  )
}
