import { Button, Drawer } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { api, query } from '../lib/api'
import { fullTime } from '../lib/format'
import type { BroadcastDoer, BroadcastPerson, Page, Recipient } from '../lib/types'
import { RowsSkeleton } from '../settings/parts/PageSkeleton'
import { Avatar } from '../ui/Avatar'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState } from '../ui/ErrorState'
import { IconUsersGroup } from '../ui/icons'
import { revenueText } from './effect'
import s from './broadcasts.module.css'

type Named = BroadcastPerson | Recipient | BroadcastDoer

export interface WhichNames {
  title: string
  /** what brings them back, or why nothing does */
  text?: string
  /** below /broadcasts/<id> */
  path: string
  asked: Record<string, string>
}

/** The people that a number is made of. */
export function Names({ id, which, onClose }: { id: string; which: WhichNames; onClose: () => void }) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['broadcasts', id, 'names', which.path, which.asked],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<Named>>(`/broadcasts/${id}/${which.path}${query({ ...which.asked, cursor: pageParam, limit: 50 })}`, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    staleTime: 0,
  })
  const people = data?.pages.flatMap((page) => page.items)
  return (
    <Drawer opened onClose={onClose} position="right" size={460} title={which.title}>
      {which.text && <p className={s.drawerText}>{which.text}</p>}
      {error && !people ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !people ? (
        <RowsSkeleton />
      ) : people.length === 0 && !hasNextPage ? (
        <EmptyState icon={IconUsersGroup} title="Nobody" text="This number is made of nobody any more." />
      ) : (
        <>
          <ul className={s.people}>
            {people.map((person) => (
              <li key={person.contact_id}>
                <Link to="/contacts/$contactId" params={{ contactId: person.contact_id }} preload={false}>
                  <Avatar name={person.name} hue={person.avatar_hue} size={30} />
                  <span>
                    <b>{person.name}</b>
                    <small>{line(person)}</small>
                  </span>
                </Link>
              </li>
            ))}
          </ul>
          {hasNextPage && (
            <Button variant="subtle" fullWidth loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              Show more
            </Button>
          )}
        </>
      )}
    </Drawer>
  )
}

/** What there is to say of somebody beside their name. */
function line(person: Named): string {
  if ('times' in person) {
    const often = person.times > 1 ? `${person.times} times, last ` : ''
    return [often + fullTime(person.at), revenueText(person.revenue)].filter(Boolean).join(' · ')
  }
  return ('detail' in person ? person.detail : person.reason) || person.address
}
