import { Popover, Tooltip } from '@mantine/core'
import { Suspense, lazy, useEffect, useState } from 'react'
import { shortCount } from '../lib/format'
import { useShortcut } from '../lib/keys'
import { IconBell } from '../ui/icons'
import { useNotifications } from './notifications'
import s from './notifications.module.css'

const NotificationList = lazy(() => import('./NotificationList'))

/** The bell in the rail, with how many are unread, and the list behind it. */
export function Bell() {
  const [opened, setOpened] = useState(false)
  const unread = useNotifications().data?.pages[0]?.unread ?? 0
  const label = unread > 0 ? `Notifications, ${unread} unread` : 'Notifications'
  useEffect(() => {
    // On the icon of the installed application, where the system has such a thing.
    void navigator.setAppBadge?.(unread).catch(() => {})
  }, [unread])
  useShortcut('g n', 'Notifications', 'Go to', () => setOpened(true))
  return (
    <Popover opened={opened} onChange={setOpened} position="right-end" width="min(380px, calc(100vw - 16px))" trapFocus returnFocus shadow="md">
      <Popover.Target>
        <Tooltip label="Notifications" position="right" disabled={opened}>
          <button type="button" className={s.bell} aria-label={label} aria-expanded={opened} onClick={() => setOpened((shown) => !shown)}>
            <IconBell size={20} stroke={1.7} aria-hidden />
            {unread > 0 && (
              <span className={s.badge} aria-hidden>
                {shortCount(unread)}
              </span>
            )}
          </button>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown p={0} aria-label="Notifications">
        <Suspense fallback={<p className={s.quiet}>…</p>}>{opened && <NotificationList onClose={() => setOpened(false)} />}</Suspense>
      </Popover.Dropdown>
    </Popover>
  )
}
