import type { CSSProperties } from 'react'
import { plural } from '../lib/format'
import s from './reports.module.css'

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const HOURS = 24
const WEEK = DAYS.length * HOURS

/** First messages by hour of the week; counted in UTC, shown in the reader's own time. */
export function HeatMap({ counts }: { counts: number[] }) {
  const ahead = -Math.round(new Date().getTimezoneOffset() / 60)
  const local = Array.from({ length: WEEK }, (_, hour) => counts[(hour - ahead + WEEK) % WEEK] ?? 0)
  const most = Math.max(1, ...local)
  return (
    <div className={s.tableWrap} tabIndex={0} role="group" aria-label="Hours of the week">
      <table className={s.heat} aria-label="First messages by weekday and hour">
        <thead>
          <tr>
            <td />
            {Array.from({ length: HOURS }, (_, hour) => (
              <th key={hour} scope="col">
                {hour}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {DAYS.map((day, row) => (
            <tr key={day}>
              <th scope="row">{day}</th>
              {local.slice(row * HOURS, (row + 1) * HOURS).map((count, hour) => (
                <td
                  key={hour}
                  title={`${day} ${hour}:00 – ${plural(count, 'conversation')}`}
                  data-strong={count > most * 0.55 || undefined}
                  style={{ '--share': count / most } as CSSProperties}
                >
                  {count || ''}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
