import type { CSSProperties } from 'react'
import { plural } from '../lib/format'
import s from './reports.module.css'

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const HOURS = 24
const STEPS = [0, 0.25, 0.5, 0.75, 1]

/** First messages by hour of the week, as the clocks of the reader's zone show it. */
export function HeatMap({ counts }: { counts: number[] }) {
  const most = Math.max(1, ...counts)
  return (
    <>
      <div className={s.tableWrap} tabIndex={0} role="group" aria-label="Hours of the week">
        <table className={s.heat} aria-label="First messages by weekday and hour">
          <thead>
            <tr>
              <td />
              {Array.from({ length: HOURS }, (_, hour) => (
                <th key={hour} scope="col">
                  {String(hour).padStart(2, '0')}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {DAYS.map((day, row) => (
              <tr key={day}>
                <th scope="row">{day}</th>
                {counts.slice(row * HOURS, (row + 1) * HOURS).map((count, hour) => (
                  <td
                    key={hour}
                    title={`${day} ${hour}:00–${hour + 1}:00, ${plural(count, 'conversation')}`}
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
      <p className={s.legend} aria-hidden>
        none
        {STEPS.map((step) => (
          <i key={step} style={{ '--share': step } as CSSProperties} />
        ))}
        up to {plural(most, 'conversation')}
      </p>
    </>
  )
}
