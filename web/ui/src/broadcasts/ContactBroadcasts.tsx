import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { CampaignLink } from '../campaigns/CampaignLink'
import { api, query } from '../lib/api'
import { useCan } from '../lib/session'
import type { ContactBroadcast, Page } from '../lib/types'
import s from './broadcasts.module.css'

/** Which broadcasts were meant for a person, and in a sentence each why they got it or did not. */
export function ContactBroadcasts({ contactId }: { contactId: string }) {
  const allowed = useCan('broadcasts.read')
  const { data, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['contact', contactId, 'broadcasts'],
    queryFn: ({ pageParam, signal }) => api.get<Page<ContactBroadcast>>(`/contacts/${contactId}/broadcasts${query({ cursor: pageParam, limit: 10 })}`, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    enabled: allowed,
  })
  const items = data?.pages.flatMap((page) => page.items) ?? []
  if (items.length === 0) return null
  return (
    <section aria-label="Broadcasts">
      <h2>Broadcasts</h2>
      <ul className={s.sentences}>
        {items.map((each) => (
          <li key={each.broadcast_id}>
            <CampaignLink to={`broadcasts/${each.broadcast_id}`}>{each.name}</CampaignLink>
            <p>{each.sentence}</p>
          </li>
        ))}
      </ul>
      {hasNextPage && (
        <Button size="compact-sm" variant="subtle" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Show older
        </Button>
      )}
    </section>
  )
}
