import { Button } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useNow } from '../inbox/useNow'
import { ago, fullTime } from '../lib/format'
import type { Notification } from '../lib/types'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState } from '../ui/ErrorState'
import { IconAlertTriangle, IconAt, IconBell, IconClock, IconMessage2, IconStopwatch, IconUserPlus } from '../ui/icons'
import { Skeleton } from '../ui/Skeleton'
import { goTo, markRead, useNotifications } from './notifications'
import { sentenceOf } from './words'
import s from './notifications.module.css'

const ICONS = {
  mention: IconAt,
  assigned: IconUserPlus,
  activity: IconMessage2,
  woken: IconClock,
  unhappy: IconAlertTriangle,
  deferred: IconClock,
  attention: IconStopwatch,
}

export default function NotificationList({ onClose }: { onClose: () => void }) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useNotifications()
  const navigate = useNavigate()
  const items = data?.pages.flatMap((page) => page.items) ?? []
  const unread = data?.pages[0]?.unread ?? 0

  function go(item: Notification) {
    onClose()
    goTo(item, (to) => void navigate({ to }))
  }

  return (
    <section className={s.panel} aria-label="Notifications">
      <header>
        <h2>Notifications</h2>
        {unread > 0 && (
          <Button variant="subtle" size="compact-sm" onClick={() => void markRead(null)}>
            Mark all as read
          </Button>
        )}
      </header>
      {error && !data && <ErrorState error={error} onRetry={() => void refetch()} />}
      {!data && !error && (
        <div className={s.quiet} role="status" aria-label="Loading">
          <Skeleton height={40} />
        </div>
      )}
      {data && items.length === 0 && (
        <EmptyState icon={IconBell} title="Nothing new" text="Mentions, conversations given to you, and news of those you follow come here." />
      )}
      {items.length > 0 && (
        <ul className={s.items} tabIndex={-1}>
          {items.map((item) => (
            <Item key={item.id} item={item} onOpen={() => go(item)} />
          ))}
          {hasNextPage && (
            <li className={s.more}>
              <Button variant="default" size="compact-sm" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
                Show older
              </Button>
            </li>
          )}
        </ul>
      )}
    </section>
  )
}

function Item({ item, onOpen }: { item: Notification; onOpen: () => void }) {
  const now = useNow()
  const Icon = ICONS[item.kind]
  return (
    <li>
      <button type="button" className={s.item} data-unread={!item.read_at || undefined} onClick={onOpen}>
        <Icon size={17} stroke={1.8} aria-hidden />
        <span className={s.words}>
          <b>
            {sentenceOf(item)}
            {!item.read_at && <span className="visually-hidden"> (unread)</span>}
          </b>
          {item.text && <span dir="auto">{item.text}</span>}
          <time dateTime={item.at} title={fullTime(item.at)}>
            {ago(item.at, Math.max(now, Date.now()))}
          </time>
        </span>
      </button>
    </li>
  )
}
