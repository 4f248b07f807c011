import { Popover, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Suspense, lazy, useState } from 'react'
import { api } from '../lib/api'
import { shortCount } from '../lib/format'
import { useShortcut } from '../lib/keys'
import { useCan } from '../lib/session'
import type { Page, SharedDraft } from '../lib/types'
import n from '../notifications/notifications.module.css'
import { IconPencil } from '../ui/icons'
import s from './drafts.module.css'

const DraftList = lazy(() => import('./DraftList'))

/** In the rail while one has drafts: where they are. */
export function DraftsButton() {
  const mayReply = useCan('inbox.reply')
  const [opened, setOpened] = useState(false)
  const { data } = useQuery({
    queryKey: ['drafts', 'mine'],
    queryFn: () => api.get<Page<SharedDraft>>('/drafts').then((page) => page.items),
    enabled: mayReply,
  })
  const count = data?.length ?? 0
  useShortcut('g d', 'Drafts', 'Go to', () => setOpened(true), mayReply)
  if (!mayReply || (count === 0 && !opened)) return null
  return (
    <Popover opened={opened} onChange={setOpened} position="right-end" width="min(380px, calc(100vw - 16px))" trapFocus returnFocus shadow="md">
      <Popover.Target>
        <Tooltip label="Drafts" position="right" disabled={opened}>
          <button type="button" className={n.bell} aria-label={`Drafts, ${count}`} aria-expanded={opened} onClick={() => setOpened((shown) => !shown)}>
            <IconPencil size={19} stroke={1.7} aria-hidden />
            <span className={s.count} aria-hidden>
              {shortCount(count)}
            </span>
          </button>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown p={0} aria-label="Drafts">
        <Suspense fallback={<p className={n.quiet}>…</p>}>
          {opened && <DraftList drafts={data ?? []} onClose={() => setOpened(false)} />}
        </Suspense>
      </Popover.Dropdown>
    </Popover>
  )
}
