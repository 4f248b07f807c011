import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { api, query } from '../lib/api'
import type { ContactRow, Page } from '../lib/types'
import { Panel } from '../settings/parts/Panel'
import { RowsSkeleton } from '../settings/parts/PageSkeleton'
import p from '../settings/parts/parts.module.css'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState } from '../ui/ErrorState'
import { IconUsersGroup } from '../ui/icons'
import { People } from './People'

const PAGE_SIZE = 50

export function Members({ segmentId }: { segmentId: string }) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['segments', segmentId, 'members'],
    queryFn: ({ pageParam, signal }) => api.get<Page<ContactRow>>(`/segments/${segmentId}/members${query({ cursor: pageParam, limit: PAGE_SIZE })}`, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })
  const people = data?.pages.flatMap((page) => page.items)
  return (
    <Panel title="Who is in it" flush>
      {error && !people ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !people ? (
        <RowsSkeleton />
      ) : people.length === 0 ? (
        <EmptyState icon={IconUsersGroup} title="Nobody yet" text="Who comes to fit appears here within seconds." />
      ) : (
        <>
          <People people={people} />
          {hasNextPage && (
            <div className={p.foot}>
              <Button variant="subtle" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
                Show more
              </Button>
            </div>
          )}
        </>
      )}
    </Panel>
  )
}
