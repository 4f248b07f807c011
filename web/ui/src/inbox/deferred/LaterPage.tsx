import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { Skeleton } from '../../ui/Skeleton'
import { EmptyState } from '../../ui/EmptyState'
import { ErrorState } from '../../ui/ErrorState'
import { PageHeader } from '../../ui/PageHeader'
import { IconClock } from '../../ui/icons'
import { Item } from './Waiting'
import { useAllDeferred } from './deferred'
import s from './deferred.module.css'

/** Everything that waits to be sent, in the order of time. */
export default function LaterPage() {
  const [mine, setMine] = useState(true)
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useAllDeferred(mine)
  const items = data?.pages.flatMap((page) => page.items)
  return (
    <main className={s.page}>
      <PageHeader
        title="Messages for later"
        text="What goes at its time, or when a customer answers."
        actions={
          <div className={s.whose} role="group" aria-label="Whose">
            <button type="button" aria-pressed={mine} onClick={() => setMine(true)}>
              Mine
            </button>
            <button type="button" aria-pressed={!mine} onClick={() => setMine(false)}>
              Everybody’s
            </button>
          </div>
        }
      />
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !items ? (
        <Skeleton height={220} />
      ) : items.length === 0 ? (
        <EmptyState icon={IconClock} title="Nothing waits" text="Schedule a message with the clock beside Send, or with L." />
      ) : (
        <>
          <ul className={s.all} aria-label="Messages for later">
            {items.map((item) => (
              <Item key={item.id} item={item}>
                <Link to="/inbox/$conversationId" params={{ conversationId: item.conversation_id }}>
                  {item.contact_name}
                </Link>
              </Item>
            ))}
          </ul>
          {hasNextPage && (
            <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              Show more
            </Button>
          )}
        </>
      )}
    </main>
  )
}
