import type { CSSProperties } from 'react'
import { useState } from 'react'
import { count } from '../lib/format'
import type { Metric, Report } from '../lib/types'
import { METRICS, type Metric as Promised } from '../sla/sla'
import { EmptyState } from '../ui/EmptyState'
import { IconStopwatch } from '../ui/icons'
import type { Drill } from './Behind'
import { DayPanel } from './DayPanel'
import { Definition } from './Definition'
import { FigureTable } from './FigureTable'
import { shown } from './metrics'
import s from './reports.module.css'

const KINDS = Object.keys(METRICS) as Promised[]

interface PromisesProps {
  report: Report
  metrics: Metric[]
  onDrill: (drill: Drill) => void
}

/** What was promised to customers, and how much of it was kept; by day, and by policy. */
export function Promises({ report, metrics, onDrill }: PromisesProps) {
  const [chosen, setChosen] = useState<Promised>('first')
  const of = (key: string) => metrics.filter((each) => each.key === key)
  const [kept, missed] = [...of(`sla_${chosen}_kept`), ...of(`sla_${chosen}_missed`)]
  if (KINDS.every((kind) => report.total[`sla_${kind}_percent`] === null)) {
    return (
      <EmptyState
        icon={IconStopwatch}
        title="Nothing that was promised ended in these days"
        text="Promises are made by service levels (Settings), and count on the day that their conversation is closed or their ticket solved."
      />
    )
  }
  return (
    <>
      <section className={s.thirds} aria-label="Service levels">
        {KINDS.flatMap((kind) =>
          of(`sla_${kind}_percent`).map((metric) => (
            <div key={kind} className={s.card} data-chosen={kind === chosen || undefined}>
              <Definition metric={metric} hours={report.hours}>
                <button type="button" className={s.cardMain} aria-pressed={kind === chosen} onClick={() => setChosen(kind)}>
                  <span className={s.label}>{metric.label}</span>
                  <b>{shown(report.total[metric.key], 'percent')}</b>
                  <span className={s.share} data-none={report.total[metric.key] === null || undefined} style={{ '--share': report.total[metric.key] ?? 0 } as CSSProperties} />
                  <span className={s.change}>{`${count(report.total[`sla_${kind}_kept`] ?? 0)} kept, ${count(report.total[`sla_${kind}_missed`] ?? 0)} missed`}</span>
                </button>
              </Definition>
              {of(`sla_${kind}_missed`).map((each) => (
                <button
                  key={each.key}
                  type="button"
                  className={s.behind}
                  aria-label={`Show what was missed: ${METRICS[kind]}`}
                  disabled={!report.total[each.key]}
                  onClick={() => onDrill({ metric: each, only: null, label: 'everything' })}
                >
                  Show what was missed
                </button>
              ))}
            </div>
          )),
        )}
      </section>
      {kept && missed && <DayPanel title={`${METRICS[chosen]} by day`} note="By the day of closing or solving" days={report.days} metrics={[kept, missed]} stacked />}
      <FigureTable report={report} metrics={metrics.filter(({ group }) => group === 'promises')} by="policy" title="By policy" onDrill={onDrill} />
    </>
  )
}
