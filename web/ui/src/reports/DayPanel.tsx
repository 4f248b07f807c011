import { SegmentedControl } from '@mantine/core'
import { lazy, Suspense, useState } from 'react'
import type { Metric, Report } from '../lib/types'
import { EmptyState } from '../ui/EmptyState'
import { IconChartBar } from '../ui/icons'
import { Skeleton } from '../ui/Skeleton'
import { shown } from './metrics'
import { longDay } from './days'
import s from './reports.module.css'

const DayChart = lazy(() => import('./DayChart'))

interface DayPanelProps {
  title: string
  note?: string
  days: Report['days']
  metrics: Metric[]
  /** parts of one whole, one above the other */
  stacked?: boolean
}

/** Numbers by day as a picture, and the same as a table: for whoever reads, listens or copies. */
export function DayPanel({ title, note, days, metrics, stacked = false }: DayPanelProps) {
  const [form, setForm] = useState('chart')
  const nothing = days.every(({ values }) => metrics.every(({ key }) => !values[key]))
  return (
    <section className={s.panel} aria-label={title}>
      <header className={s.panelHead}>
        <h2>{title}</h2>
        {note && <p>{note}</p>}
        <SegmentedControl
          size="xs"
          aria-label={`${title}, shown as`}
          value={form}
          data={[
            { value: 'chart', label: 'Chart' },
            { value: 'table', label: 'Table' },
          ]}
          onChange={setForm}
        />
      </header>
      {form === 'table' ? (
        <DayTable title={title} days={days} metrics={metrics} />
      ) : nothing ? (
        <EmptyState icon={IconChartBar} title="Nothing to draw" text="There is no such number on any of these days." />
      ) : (
        <>
          <Suspense fallback={<Skeleton height={260} />}>
            <DayChart title={title} days={days} metrics={metrics} stacked={stacked} />
          </Suspense>
          <div className="visually-hidden">
            <DayTable title={title} days={days} metrics={metrics} />
          </div>
        </>
      )}
    </section>
  )
}

function DayTable({ title, days, metrics }: { title: string; days: Report['days']; metrics: Metric[] }) {
  return (
    <div className={s.tableWrap} tabIndex={0} role="group" aria-label={`${title}, table`}>
      <table className={s.table} aria-label={title}>
        <thead>
          <tr>
            <th scope="col">Day</th>
            {metrics.map((metric) => (
              <th key={metric.key} scope="col">
                {metric.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {days.map(({ day, values }) => (
            <tr key={day}>
              <th scope="row">{longDay(day)}</th>
              {metrics.map((metric) => (
                <td key={metric.key}>{shown(values[metric.key], metric.unit)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
