import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useCan } from '../../lib/session'
import { EmptyState } from '../../ui/EmptyState'
import { IconClock, IconPlus } from '../../ui/icons'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { SettingsLink } from '../parts/SettingsLink'
import { FailedPage } from '../parts/States'
import p from '../parts/parts.module.css'
import { useGoTo, useSettingsPath } from '../parts/useSettingsPath'
import { CalendarPage } from './CalendarPage'
import { OpenNow } from './OpenNow'
import { calendarsQuery, weekText } from './calendars'
import s from './calendars.module.css'

const TITLE = 'Business hours'

/** `calendars`, `calendars/new`, `calendars/cal_1` */
export default function CalendarsPage() {
  const [id] = useSettingsPath()
  return id === undefined ? <CalendarList /> : <CalendarPage key={id} id={id} />
}

function CalendarList() {
  const manages = useCan('inbox.manage')
  const goTo = useGoTo()
  const { data, error, refetch } = useQuery(calendarsQuery)
  if (error && !data) return <FailedPage title={TITLE} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton title={TITLE} />
  const create = manages && (
    <Button leftSection={<IconPlus size={16} />} onClick={() => goTo('calendars/new')}>
      Add a calendar
    </Button>
  )
  return (
    <>
      <Heading
        title={TITLE}
        text="When teams are there: hours, holidays and time zone. Routing, reply times and reports count by them."
        actions={data.length > 0 && create}
      />
      <section className={s.list} aria-label={TITLE}>
        {data.length === 0 ? (
          <EmptyState
            icon={IconClock}
            title="No calendar yet"
            text="Without one, teams count as always open."
            action={create}
          />
        ) : (
          <div className={p.tableWrap}>
            <table className={p.table} aria-label={TITLE}>
              <thead>
                <tr>
                  <th>Name</th>
                  <th data-wide>Hours</th>
                  <th data-wide>Time zone</th>
                  <th>Now</th>
                </tr>
              </thead>
              <tbody>
                {data.map((calendar) => (
                  <tr key={calendar.id}>
                    <td>
                      <SettingsLink to={`calendars/${calendar.id}`} className={s.name}>
                        {calendar.name}
                      </SettingsLink>
                    </td>
                    <td data-wide>{weekText(calendar.week)}</td>
                    <td data-wide className={p.nowrap}>
                      {calendar.zone}
                    </td>
                    <td className={p.nowrap}>
                      <OpenNow calendar={calendar} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
    </>
  )
}
