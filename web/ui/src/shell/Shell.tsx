import { useQuery } from '@tanstack/react-query'
import { Outlet, useNavigate } from '@tanstack/react-router'
import { Suspense, lazy, useEffect, useState } from 'react'
import { watchIdle } from '../inbox/availability'
import { useNews } from '../inbox/counts'
import { whenIdle } from '../lib/idle'
import { startShortcuts, useShortcut } from '../lib/keys'
import { pushOn } from '../lib/notify'
import { meQuery, useCan, useMe } from '../lib/session'
import { setTitleNews } from '../lib/title'
import { goTo } from '../notifications/notifications'
import { whenSaid } from '../push/register'
import { OfflineBanner } from './OfflineBanner'
import { Rail } from './Rail'
import { UpdateChip } from './UpdateChip'
import { startEvents } from './events'
import s from './shell.module.css'

const CheatSheet = lazy(() => import('./CheatSheet'))
const loadPalette = () => import('./Palette')
const Palette = lazy(loadPalette)

export function Shell() {
  const me = useMe()
  // Keeps it in the cache, and reads it again when it may have changed.
  useQuery(meQuery)
  const news = useNews()
  const campaigns = useCan('broadcasts.read')
  const navigate = useNavigate()
  const [sheet, setSheet] = useState(false)
  const [palette, setPalette] = useState(false)

  useEffect(() => startShortcuts(), [])
  useEffect(() => startEvents(), [me.member.id])
  useEffect(() => watchIdle(), [])
  useEffect(() => whenIdle(() => void loadPalette().catch(() => {})), [])
  useEffect(() => setTitleNews(news), [news])
  useEffect(() => whenSaid((said) => said.type === 'open' && goTo(said.news, (to) => void navigate({ to }))), [navigate])
  useEffect(() => {
    // Nothing on the screen waits for it.
    if (pushOn.get()) void import('../push/push').then(({ reconcile }) => reconcile()).catch(() => {})
  }, [me.member.id])

  useShortcut('g i', 'Inbox', 'Go to', () => void navigate({ to: '/inbox' }))
  useShortcut('g c', 'Contacts', 'Go to', () => void navigate({ to: '/contacts' }))
  useShortcut('g s', 'Settings', 'Go to', () => void navigate({ to: '/settings' }))
  useShortcut('g t', 'Tickets', 'Go to', () => void navigate({ to: '/tickets' }))
  useShortcut('g r', 'Reports', 'Go to', () => void navigate({ to: '/reports' }))
  useShortcut('g h', 'Help centre', 'Go to', () => void navigate({ to: '/articles', search: {} }))
  useShortcut('g b', 'Campaigns', 'Go to', () => void navigate({ to: '/campaigns' }), campaigns)
  useShortcut('mod+k', 'Command palette', 'Window', () => setPalette(true))
  useShortcut('?', 'Keyboard shortcuts', 'Window', () => setSheet(true))

  return (
    <div className={s.shell}>
      <Rail onShowShortcuts={() => setSheet(true)} />
      <div className={s.content}>
        <OfflineBanner />
        <Outlet />
      </div>
      <UpdateChip />
      <Suspense fallback={null}>{sheet && <CheatSheet onClose={() => setSheet(false)} />}</Suspense>
      <Suspense fallback={null}>{palette && <Palette onClose={() => setPalette(false)} />}</Suspense>
    </div>
  )
}
