import '@mantine/charts/styles.css'
import '@mantine/core/styles/ColorSwatch.css'
import { AreaChart, BarChart } from '@mantine/charts'
import type { Metric, Report } from '../lib/types'
import { longDay, shortDay } from './days'
import { shown, ticksOf } from './metrics'
import s from './reports.module.css'

/** Blue and orange are told apart by everybody; what was missed is also on top, and named. */
const COLOURS = ['var(--series-1)', 'var(--series-2)']

interface DayChartProps {
  title: string
  days: Report['days']
  metrics: Metric[]
  stacked: boolean
}

export default function DayChart({ title, days, metrics, stacked }: DayChartProps) {
  const { unit } = metrics[0]!
  const data = days.map(({ day, values }) => ({ day, ...Object.fromEntries(metrics.map(({ key }) => [key, values[key] ?? null])) }))
  const highest = Math.max(0, ...days.map(({ values }) => sum(metrics.map(({ key }) => values[key] ?? 0), stacked)))
  const ticks = ticksOf(highest, unit)
  const common = {
    h: 260,
    data,
    dataKey: 'day',
    series: metrics.map((metric, index) => ({ name: metric.key, label: metric.label, color: COLOURS[index]! })),
    valueFormatter: (value: number) => shown(value, unit),
    tickLine: 'none' as const,
    gridAxis: 'x' as const,
    withLegend: metrics.length > 1,
    legendProps: { verticalAlign: 'top' as const, height: 36 },
    xAxisProps: { tickFormatter: shortDay, minTickGap: 18 },
    yAxisProps: { width: 62, ticks, domain: [0, ticks.at(-1) ?? 1] as [number, number] },
    tooltipProps: { labelFormatter: (day: unknown) => (day ? longDay(String(day)) : '') },
    tooltipAnimationDuration: 0,
  }
  return (
    <figure className={s.chart} aria-label={`${title}, as a chart; the table has the same numbers`}>
      {unit === 'count' ? (
        <BarChart
          {...common}
          type={stacked ? 'stacked' : 'default'}
          barProps={(series) => ({ radius: series.name === metrics.at(-1)!.key ? [3, 3, 0, 0] : 0, isAnimationActive: false })}
          maxBarWidth={34}
        />
      ) : (
        <AreaChart
          {...common}
          curveType="linear"
          connectNulls
          withDots={days.length <= 45}
          dotProps={{ r: 3 }}
          fillOpacity={0.16}
          areaProps={{ isAnimationActive: false }}
        />
      )}
    </figure>
  )
}

function sum(values: number[], stacked: boolean): number {
  return stacked ? values.reduce((a, b) => a + b, 0) : Math.max(...values)
}
