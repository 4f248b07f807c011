import { getRouteApi } from '@tanstack/react-router'
import { Suspense, lazy, useEffect, useRef } from 'react'
import { useMe } from '../lib/session'
import { setTitle } from '../lib/title'
import { PageSkeleton } from '../settings/parts/PageSkeleton'
import { EmptyState } from '../ui/EmptyState'
import { NoPermission } from '../ui/ErrorState'
import { IconSearch } from '../ui/icons'
import { Places } from './Places'
import { RunningBar } from './RunningBar'
import s from './campaigns.module.css'

const PAGES = {
  broadcasts: { label: 'Broadcasts', needs: 'broadcasts.read', Page: lazy(() => import('../broadcasts/BroadcastsPage')) },
  segments: { label: 'Segments', needs: 'contacts.read', Page: lazy(() => import('../segments/SegmentsPage')) },
  greetings: { label: 'Greetings', needs: 'broadcasts.read', Page: lazy(() => import('../greetings/GreetingsPage')) },
  consent: { label: 'Consent', needs: 'contacts.read', Page: lazy(() => import('./ConsentPage')) },
} as const

const isPage = (path: string): path is keyof typeof PAGES => path in PAGES

/** What marketers work in: a row of places above, the chosen one below, and whatever is being sent always in sight. */
export default function CampaignsPage() {
  const path = getRouteApi('/app/campaigns/$').useParams({ shouldThrow: false })?._splat ?? ''
  const [first = 'broadcasts', ...rest] = path.split('/').filter(Boolean)
  const { permissions } = useMe()
  const body = useRef<HTMLDivElement>(null)
  const current = isPage(first) ? first : undefined
  const place = current && PAGES[current]

  useEffect(() => setTitle(`${place?.label ?? 'Campaigns'} · Parley`), [place])
  useEffect(() => {
    if (body.current) body.current.scrollTop = 0
  }, [path])

  return (
    <main className={s.page}>
      <Places current={current} />
      {permissions.includes('broadcasts.read') && <RunningBar />}
      <div className={s.body} ref={body}>
        <div className={s.column}>
          {place && permissions.includes(place.needs) ? (
            <Suspense fallback={<PageSkeleton title={place.label} />}>
              <place.Page key={current} rest={rest} />
            </Suspense>
          ) : place ? (
            <NoPermission />
          ) : (
            <EmptyState icon={IconSearch} title="There is no such page" text="The link may be old. Choose a place of the row above." />
          )}
        </div>
      </div>
    </main>
  )
}
