import { useState } from 'react'
import type { Metric, Report } from '../lib/types'
import { EmptyState } from '../ui/EmptyState'
import { IconChartBar } from '../ui/icons'
import { DayPanel } from './DayPanel'
import { Definition } from './Definition'
import { HeatMap } from './HeatMap'
import { changeOf, shown } from './metrics'
import { placeOf } from './ViewSwitch'
import s from './reports.module.css'

const CARDS = ['closed', 'first_response_median', 'response_average', 'resolution_median', 'reopened_percent', 'unanswered', 'csat_average', 'nps']

interface OverviewProps {
  report: Report
  metrics: Metric[]
  onDrill: (metric: Metric) => void
}

export function Overview({ report, metrics, onDrill }: OverviewProps) {
  const [chosen, setChosen] = useState('closed')
  const metric = metrics.find((each) => each.key === chosen) ?? metrics[0]!
  if (CARDS.every((key) => !report.total[key])) {
    return (
      <EmptyState
        icon={IconChartBar}
        title="Nothing was closed in these days"
        text="Figures come from conversations that were closed. Choose a longer span, or close one."
      />
    )
  }
  const began = report.started_in.some((count) => count > 0)
  return (
    <>
      <section className={s.cards} aria-label="Figures">
        {CARDS.flatMap((key) => metrics.filter((each) => each.key === key)).map((each) => (
          <Card key={each.key} metric={each} report={report} chosen={each.key === chosen} onChoose={() => setChosen(each.key)} onDrill={onDrill} />
        ))}
      </section>
      <DayPanel title={`${metric.label} by day`} note={noteOf(metric, report)} days={report.days} metrics={[metric]} />
      <section className={s.panel} aria-label="When customers begin">
        <header className={s.panelHead}>
          <h2>When customers begin</h2>
          <p>First messages of the conversations closed, by the clocks of {placeOf(report.zone)}</p>
        </header>
        {began ? <HeatMap counts={report.started_in} /> : <EmptyState icon={IconChartBar} title="Nothing was closed in these days" />}
      </section>
    </>
  )
}

function noteOf(metric: Metric, report: Report): string {
  if (metric.behind === 'answers') return 'By the day of the answer'
  return metric.timed && report.hours === 'business' ? 'By the day of closing, in business hours' : 'By the day of closing'
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
  const show = metric.behind === 'answers' ? 'Show answers' : 'Show conversations'
  return (
    <div className={s.card} data-chosen={chosen || undefined}>
      <Definition metric={metric} hours={report.hours}>
        <button type="button" className={s.cardMain} aria-pressed={chosen} onClick={onChoose}>
          <span className={s.label}>{metric.label}</span>
          <b>{shown(report.total[metric.key], metric.unit)}</b>
          <span className={s.change} data-tone={change?.tone ?? 'plain'}>
            {change ? `${change.text} to the days before` : 'nothing to compare with'}
          </span>
        </button>
      </Definition>
      <button type="button" className={s.behind} aria-label={`${show} behind ${metric.label}`} onClick={() => onDrill(metric)}>
        {show}
      </button>
    </div>
  )
}
