import '@mantine/core/styles/FloatingIndicator.css'
import '@mantine/core/styles/SegmentedControl.css'
import { Progress, SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Suspense, lazy, useEffect, useState } from 'react'
import { ApiError, api, query } from '../lib/api'
import { useCan } from '../lib/session'
import { setTitle } from '../lib/title'
import type { Metric, Report, ReportDimension } from '../lib/types'
import { ErrorState, NoPermission } from '../ui/ErrorState'
import { IconDownload } from '../ui/icons'
import { Skeleton } from '../ui/Skeleton'
import { Backlog } from './Backlog'
import { Behind, type Drill } from './Behind'
import { FigureTable } from './FigureTable'
import { Overview } from './Overview'
import { Promises } from './Promises'
import { Span, spanOf, type DaySpan } from './Span'
import { useMetrics } from './useMetrics'
import { useView, type View } from './view'
import { placeOf, ViewSwitch } from './ViewSwitch'
import { Wallboard } from './Wallboard'
import s from './reports.module.css'

const Costs = lazy(() => import('./Costs').then((module) => ({ default: module.Costs })))

const TABS: { key: Tab; label: string }[] = [
  { key: 'live', label: 'Live' },
  { key: 'overview', label: 'Overview' },
  { key: 'promises', label: 'Service levels' },
  { key: 'backlog', label: 'Backlog' },
  { key: 'costs', label: 'Costs' },
  { key: 'member', label: 'Agents' },
  { key: 'team', label: 'Teams' },
  { key: 'channel', label: 'Channels' },
  { key: 'tag', label: 'Tags' },
  { key: 'reason', label: 'Reasons' },
]
type Tab = 'live' | 'backlog' | 'costs' | 'overview' | 'promises' | Exclude<ReportDimension, 'policy'>
const COUNTING_MS = 1_500

export default function ReportsPage() {
  const mayRead = useCan('inbox.read')
  const seesAll = useCan('reports.read')
  const navigate = useNavigate()
  const search: { tab?: string } = useSearch({ strict: false })
  const tabs = seesAll ? TABS : TABS.filter((each) => each.key === 'overview')
  const tab = tabs.find((each) => each.key === search.tab)?.key ?? 'overview'
  const { view, own, change, error } = useView()
  const [chosen, setChosen] = useState<DaySpan | null>(null)

  useEffect(() => {
    setTitle('Reports · Parley')
  }, [])

  if (!mayRead) {
    return (
      <main className={s.page}>
        <NoPermission />
      </main>
    )
  }
  const days = chosen ?? (view && spanOf(7, view.zone))
  return (
    <main className={s.page}>
      <header className={s.head}>
        <div>
          <h1>Reports</h1>
          {!seesAll && <p>Your own figures: conversations that were yours when they were closed.</p>}
        </div>
        {tab !== 'live' && tab !== 'backlog' && days && view && own && (
          <div className={s.controls}>
            <Span value={days} zone={view.zone} onChange={setChosen} />
            {tab !== 'costs' && <ViewSwitch view={view} own={own} onChange={change} />}
          </div>
        )}
      </header>
      {tabs.length > 1 && (
        <nav className={s.tabs} aria-label="Reports">
          {tabs.map((each) => (
            <button
              key={each.key}
              type="button"
              aria-current={each.key === tab ? 'page' : undefined}
              onClick={() => void navigate({ to: '/reports', search: { tab: each.key } as never, replace: true })}
            >
              {each.label}
            </button>
          ))}
        </nav>
      )}
      {tab === 'live' ? (
        <Wallboard />
      ) : tab === 'backlog' ? (
        <Backlog />
      ) : tab === 'costs' && days ? (
        <Suspense fallback={<Loading />}>
          <Costs days={days} />
        </Suspense>
      ) : tab !== 'costs' && days && view ? (
        <Figures key={tab} tab={tab} days={days} view={view} />
      ) : error ? (
        <ErrorState error={error} />
      ) : (
        <Loading />
      )}
    </main>
  )
}

function Figures({ tab, days, view }: { tab: Exclude<Tab, 'live' | 'backlog' | 'costs'>; days: DaySpan; view: View }) {
  const metrics = useMetrics()
  const [drill, setDrill] = useState<Drill | null>(null)
  const by = tab === 'overview' ? undefined : tab === 'promises' ? 'policy' : tab
  const asked = query({ first: days.first, last: days.last, zone: view.zone, hours: view.hours, by })
  const { data, error, refetch } = useQuery({
    queryKey: ['report', days, view, tab],
    queryFn: () => api.get<Report>(`/reports${asked}`),
    placeholderData: (previous) => previous,
    staleTime: 30_000,
    retry: (failures, reason) => !(reason instanceof ApiError) && failures < 2,
    refetchInterval: (current) => (isBeingCounted(current.state.error) ? COUNTING_MS : false),
  })
  const problem = error ?? metrics.error
  if (isBeingCounted(problem)) return <Counting problem={problem} />
  if (problem && !(data && metrics.data)) return <ErrorState error={problem} onRetry={() => void refetch()} />
  if (!data || !metrics.data) return <Loading />
  const csv = `/api/v1/reports/csv${asked}`
  return (
    <>
      {tab === 'overview' ? (
        <Overview report={data} metrics={metrics.data} onDrill={(metric) => setDrill({ metric, only: null, label: 'everything' })} />
      ) : tab === 'promises' ? (
        <Promises report={data} metrics={metrics.data} onDrill={setDrill} />
      ) : (
        <ByDimension report={data} metrics={metrics.data} by={tab} onDrill={setDrill} />
      )}
      <p className={s.foot}>
        Days are those of {placeOf(data.zone)}, by the day of closing.{' '}
        <a href={csv} download>
          <IconDownload size={14} aria-hidden /> Download as CSV
        </a>
      </p>
      {drill && <Behind drill={drill} days={days} view={view} onClose={() => setDrill(null)} />}
    </>
  )
}

const GROUPS = [
  { value: 'speed', label: 'Work and speed', holds: ['work', 'speed'] },
  { value: 'promises', label: 'Service levels', holds: ['promises'] },
  { value: 'satisfaction', label: 'Satisfaction', holds: ['satisfaction'] },
]

interface ByDimensionProps {
  report: Report
  metrics: Metric[]
  by: ReportDimension
  onDrill: (drill: Drill) => void
}

function ByDimension({ report, metrics, by, onDrill }: ByDimensionProps) {
  const [group, setGroup] = useState('speed')
  const holds = GROUPS.find((each) => each.value === group)?.holds ?? []
  return (
    <>
      <SegmentedControl className={s.groups} size="xs" aria-label="Figures shown" value={group} data={GROUPS.map(({ value, label }) => ({ value, label }))} onChange={setGroup} />
      <FigureTable report={report} metrics={metrics.filter((metric) => holds.includes(metric.group))} by={by} onDrill={onDrill} />
    </>
  )
}

function isBeingCounted(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === 'being_counted'
}

/** A zone in which nobody has read before: its days are counted once. */
function Counting({ problem }: { problem: ApiError }) {
  return (
    <section className={s.panel} role="status" aria-label="Being counted">
      <div className={s.counting}>
        <b>The figures for these days are being counted</b>
        <p>This is done once for each time zone. {problem.message}</p>
        <Progress value={100} animated aria-label="Counting" />
      </div>
    </section>
  )
}

function Loading() {
  return (
    <div className={s.cards} role="status" aria-label="Loading figures">
      {Array.from({ length: 8 }, (_, index) => (
        <Skeleton key={index} height={104} />
      ))}
    </div>
  )
}
