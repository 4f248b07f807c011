import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { api, query } from '../lib/api'
import { useCan } from '../lib/session'
import { setTitle } from '../lib/title'
import type { Metric, Report, ReportDimension } from '../lib/types'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState, NoPermission } from '../ui/ErrorState'
import { IconChartBar, IconDownload } from '../ui/icons'
import { Skeleton } from '../ui/Skeleton'
import { Behind, type Drill } from './Behind'
import { HeatMap } from './HeatMap'
import { changeOf, shown } from './metrics'
import { Span, spanOf, type DaySpan } from './Span'
import { useMetrics } from './useMetrics'
import { Wallboard } from './Wallboard'
import s from './reports.module.css'

const DayChart = lazy(() => import('./DayChart'))

const TABS: { key: Tab; label: string }[] = [
  { key: 'live', label: 'Live' },
  { key: 'overview', label: 'Overview' },
  { key: 'member', label: 'Agents' },
  { key: 'team', label: 'Teams' },
  { key: 'channel', label: 'Channels' },
  { key: 'tag', label: 'Tags' },
  { key: 'reason', label: 'Reasons' },
]
type Tab = 'live' | 'overview' | ReportDimension
const CARDS = ['closed', 'first_response_median', 'response_average', 'resolution_median', 'reopened_percent', 'unanswered', 'csat_average', 'nps']

export default function ReportsPage() {
  const mayRead = useCan('inbox.read')
  const seesAll = useCan('reports.read')
  const navigate = useNavigate()
  const search: { tab?: string } = useSearch({ strict: false })
  const tabs = seesAll ? TABS : TABS.filter((each) => each.key === 'overview')
  const tab = tabs.find((each) => each.key === search.tab)?.key ?? 'overview'
  const [days, setDays] = useState<DaySpan>(() => spanOf(7))

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
  return (
    <main className={s.page}>
      <header className={s.head}>
        <div>
          <h1>Reports</h1>
          {!seesAll && <p>Your own figures: conversations that were yours when they were closed.</p>}
        </div>
        {tab !== 'live' && <Span value={days} onChange={setDays} />}
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
      {tab === 'live' ? <Wallboard /> : <Figures tab={tab} days={days} />}
    </main>
  )
}

function Figures({ tab, days }: { tab: Exclude<Tab, 'live'>; days: DaySpan }) {
  const metrics = useMetrics()
  const [drill, setDrill] = useState<Drill | null>(null)
  const by = tab === 'overview' ? undefined : tab
  const asked = query({ first: days.first, last: days.last, by })
  const { data, error, refetch } = useQuery({
    queryKey: ['report', days.first, days.last, tab],
    queryFn: () => api.get<Report>(`/reports${asked}`),
    placeholderData: (previous) => previous,
    staleTime: 30_000,
  })
  const problem = error ?? metrics.error
  if (problem && !(data && metrics.data)) return <ErrorState error={problem} onRetry={() => void refetch()} />
  if (!data || !metrics.data) return <Loading />
  const csv = `/api/v1/reports/csv${asked}`
  return (
    <>
      {tab === 'overview' ? (
        <Overview report={data} metrics={metrics.data} onDrill={(metric) => setDrill({ metric, only: null, label: 'everything' })} />
      ) : (
        <Table report={data} metrics={metrics.data} by={tab} onDrill={setDrill} />
      )}
      <p className={s.foot}>
        Days are counted in UTC, by the day of closing.{' '}
        <a href={csv} download>
          <IconDownload size={14} aria-hidden /> Download as CSV
        </a>
      </p>
      {drill && <Behind drill={drill} days={days} onClose={() => setDrill(null)} />}
    </>
  )
}

interface OverviewProps {
  report: Report
  metrics: Metric[]
  onDrill: (metric: Metric) => void
}

function Overview({ report, metrics, onDrill }: OverviewProps) {
  const [chosen, setChosen] = useState('closed')
  const metric = metrics.find((each) => each.key === chosen) ?? metrics[0]!
  if (!report.total.closed) {
    return (
      <EmptyState
        icon={IconChartBar}
        title="Nothing was closed in these days"
        text="Figures come from conversations that were closed. Choose a longer span, or close one."
      />
    )
  }
  return (
    <>
      <section className={s.cards} aria-label="Figures">
        {metrics
          .filter((each) => CARDS.includes(each.key))
          .map((each) => (
            <Card key={each.key} metric={each} report={report} chosen={each.key === chosen} onChoose={() => setChosen(each.key)} onDrill={onDrill} />
          ))}
      </section>
      <section className={s.panel} aria-label={`${metric.label} by day`}>
        <h2>{metric.label} by day</h2>
        <Suspense fallback={<Skeleton height={240} />}>
          <DayChart days={report.days} metric={metric} />
        </Suspense>
      </section>
      <section className={s.panel} aria-label="When customers begin">
        <h2>When customers begin</h2>
        <HeatMap counts={report.started_in} />
      </section>
    </>
  )
}

interface CardProps {
  metric: Metric
  report: Report
  chosen: boolean
  onChoose: () => void
  onDrill: (metric: Metric) => void
}

function Card({ metric, report, chosen, onChoose, onDrill }: CardProps) {
  const change = changeOf(metric, report.total, report.previous)
  return (
    <div className={s.card} data-chosen={chosen || undefined}>
      <button type="button" className={s.cardMain} aria-pressed={chosen} title={metric.definition} onClick={onChoose}>
        <span className={s.label}>{metric.label}</span>
        <b>{shown(report.total[metric.key], metric.unit)}</b>
        <span className={s.change} data-tone={change?.tone ?? 'plain'}>
          {change ? `${change.text} to the days before` : 'nothing to compare with'}
        </span>
      </button>
      <button type="button" className={s.behind} aria-label={`Show conversations behind ${metric.label}`} onClick={() => onDrill(metric)}>
        Show conversations
      </button>
    </div>
  )
}

interface TableProps {
  report: Report
  metrics: Metric[]
  by: ReportDimension
  onDrill: (drill: Drill) => void
}

function Table({ report, metrics, by, onDrill }: TableProps) {
  const [order, setOrder] = useState('closed')
  if (report.rows.length === 0) {
    return (
      <EmptyState icon={IconChartBar} title="Nothing was closed in these days" text="Choose a longer span, or close a conversation." />
    )
  }
  const rows = [...report.rows].sort((a, b) => (b.values[order] ?? -1) - (a.values[order] ?? -1))
  return (
    <section className={s.panel} aria-label="Figures">
      <div className={s.tableWrap} tabIndex={0} role="group" aria-label="Table of figures">
        <table className={s.table} aria-label="Figures">
          <thead>
            <tr>
              <th scope="col">Name</th>
              {metrics.map((metric) => (
                <th key={metric.key} scope="col" aria-sort={order === metric.key ? 'descending' : undefined}>
                  <button type="button" title={metric.definition} onClick={() => setOrder(metric.key)}>
                    {metric.label}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.id}>
                <th scope="row">{row.label}</th>
                {metrics.map((metric) => (
                  <td key={metric.key}>
                    {row.values[metric.key] ? (
                      <button
                        type="button"
                        onClick={() => onDrill({ metric, only: `${by}:${row.id}`, label: row.label })}
                        aria-label={`${row.label}, ${metric.label}: ${shown(row.values[metric.key], metric.unit)}`}
                      >
                        {shown(row.values[metric.key], metric.unit)}
                      </button>
                    ) : (
                      shown(row.values[metric.key], metric.unit)
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">{by === 'tag' ? 'All conversations' : 'Total'}</th>
              {metrics.map((metric) => (
                <td key={metric.key}>{shown(report.total[metric.key], metric.unit)}</td>
              ))}
            </tr>
          </tfoot>
        </table>
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
