import '@mantine/charts/styles.css'
import { BarChart, LineChart } from '@mantine/charts'
import type { Metric, Report } from '../lib/types'
import { shown } from './metrics'
import s from './reports.module.css'

const SHORT = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })

export default function DayChart({ days, metric }: { days: Report['days']; metric: Metric }) {
  const data = days.map(({ day, values }) => ({ day: SHORT.format(new Date(day)), value: values[metric.key] ?? null }))
  const common = {
    h: 240,
    data,
    dataKey: 'day',
    series: [{ name: 'value', label: metric.label, color: 'indigo.6' }],
    valueFormatter: (value: number) => shown(value, metric.unit),
    tickLine: 'none' as const,
    gridAxis: 'x' as const,
    yAxisProps: { width: 76 },
    withPointLabels: false,
  }
  return (
    <figure className={s.chart} aria-label={`${metric.label} by day, as a chart; the CSV has the same numbers`}>
      {metric.unit === 'count' ? (
        <BarChart {...common} barProps={{ radius: 3, isAnimationActive: false }} maxBarWidth={36} />
      ) : (
        <LineChart {...common} curveType="linear" connectNulls lineProps={{ isAnimationActive: false }} />
      )}
    </figure>
  )
}
