import { Button } from '@mantine/core'
import { useInfiniteQuery, type UseQueryResult } from '@tanstack/react-query'
import { api, query } from '../../lib/api'
import type { Erasure, Page } from '../../lib/types'
import { Badge } from '../../ui/Badge'
import { IconShieldLock } from '../../ui/icons'
import { Ago } from '../parts/Ago'
import { ListPage } from '../parts/ListPage'
import { Retention } from './Retention'

/** People who were erased: when, by whom, how far it is, and the document that proves it. It names nobody. */
export function Erasures() {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['erasures'],
    queryFn: ({ pageParam, signal }) => api.get<Page<Erasure>>(`/erasures${query({ cursor: pageParam })}`, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  })
  return (
    <ListPage
      title="Privacy"
      text="People who were erased. Begin it on a contact's page, under Personal data; there, too, is the copy that a person may ask for."
      list={{ data: data?.pages.flatMap((page) => page.items), error, refetch } as Pick<UseQueryResult<Erasure[]>, 'data' | 'error' | 'refetch'>}
      empty={{ icon: IconShieldLock, title: 'Nobody was erased', text: 'Whoever asks to be is erased with one action, and there is a proof of it.' }}
      columns={[
        {
          head: 'Why',
          cell: (each) => (
            <>
              {each.reason} {each.left.length > 0 && <Badge tone="warn">{each.left.length} left at a provider</Badge>}
            </>
          ),
        },
        { head: 'By', wide: true, nowrap: true, cell: (each) => each.by_name },
        { head: 'When', nowrap: true, cell: (each) => <Ago at={each.at} /> },
        { head: 'Entries', wide: true, end: true, cell: (each) => each.counts.entries ?? 0 },
        {
          head: 'Proof',
          end: true,
          nowrap: true,
          cell: (each) =>
            each.state === 'running' ? (
              <Badge tone="neutral">{Math.round(each.share * 100)} %</Badge>
            ) : (
              <>
                <a href={`/api/v1/erasures/${each.id}/proof.pdf`} download>
                  PDF
                </a>
                {' · '}
                <a href={`/api/v1/erasures/${each.id}/proof.json`} download>
                  JSON
                </a>
              </>
            ),
        },
      ]}
    >
      <Retention />
      {hasNextPage && (
        <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Show more
        </Button>
      )}
    </ListPage>
  )
}
