import { Tooltip } from '@mantine/core'
import type { ReactElement } from 'react'
import type { Metric, ReportHours } from '../lib/types'

/** What a number means, under the pointer and for whoever comes to it by keyboard. */
export function Definition({ metric, hours, children }: { metric: Metric; hours: ReportHours; children: ReactElement }) {
  return (
    <Tooltip label={meaning(metric, hours)} multiline w={290} withArrow openDelay={250} events={{ hover: true, focus: true, touch: true }}>
      {children}
    </Tooltip>
  )
}

export function meaning(metric: Metric, hours: ReportHours): string {
  if (!metric.timed || hours === 'wall') return metric.definition
  return `${metric.definition} Counted in the business hours of the team that had it.`
}
