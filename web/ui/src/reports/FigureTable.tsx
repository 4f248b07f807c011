import { useState } from 'react'
import type { Metric, Report, ReportDimension } from '../lib/types'
import { EmptyState } from '../ui/EmptyState'
import { IconChartBar } from '../ui/icons'
import type { Drill } from './Behind'
import { Definition } from './Definition'
import { shown } from './metrics'
import s from './reports.module.css'

/** Rows that overlap or may be missing do not add up. */
const OVERLAPPING: ReportDimension[] = ['tag', 'policy']

interface FigureTableProps {
  report: Report
  metrics: Metric[]
  by: ReportDimension
  title?: string
  onDrill: (drill: Drill) => void
}

export function FigureTable({ report, metrics, by, title, onDrill }: FigureTableProps) {
  const [order, setOrder] = useState('closed')
  if (report.rows.length === 0) {
    return (
      <EmptyState icon={IconChartBar} title="Nothing was closed in these days" text="Choose a longer span, or close a conversation." />
    )
  }
  const rows = [...report.rows].sort((a, b) => (b.values[order] ?? -1) - (a.values[order] ?? -1))
  return (
    <section className={s.panel} aria-label={title ?? 'Figures'}>
      {title && <h2>{title}</h2>}
      <div className={s.tableWrap} tabIndex={0} role="group" aria-label="Table of figures">
        <table className={s.table} aria-label="Figures">
          <thead>
            <tr>
              <th scope="col">Name</th>
              {metrics.map((metric) => (
                <th key={metric.key} scope="col" aria-sort={order === metric.key ? 'descending' : undefined}>
                  <Definition metric={metric} hours={report.hours}>
                    <button type="button" onClick={() => setOrder(metric.key)}>
                      {metric.label}
                    </button>
                  </Definition>
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
              <th scope="row">{OVERLAPPING.includes(by) ? 'Everything' : 'Total'}</th>
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
