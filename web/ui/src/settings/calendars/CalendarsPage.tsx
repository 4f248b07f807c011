import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useCan } from '../../lib/session'
import { IconClock, IconPlus } from '../../ui/icons'
import { useGoTo, useSettingsPath } from '../parts/useSettingsPath'
import { ListPage } from '../parts/ListPage'
import { ListLink } from '../parts/ListLink'
import { CalendarPage } from './CalendarPage'
import { OpenNow } from './OpenNow'
import { calendarsQuery, weekText } from './calendars'

const TITLE = 'Business hours'

/** `calendars`, `calendars/new`, `calendars/cal_1` */
export default function CalendarsPage() {
  const [id] = useSettingsPath()
  return id === undefined ? <CalendarList /> : <CalendarPage key={id} id={id} />
}

function CalendarList() {
  const manages = useCan('inbox.manage')
  const goTo = useGoTo()
  return (
    <ListPage
      title={TITLE}
      text="When teams are there: hours, holidays and time zone. Routing, reply times and reports count by them."
      list={useQuery(calendarsQuery)}
      empty={{ icon: IconClock, title: 'No calendar yet', text: 'Without one, teams count as always open.' }}
      create={
        manages && (
          <Button leftSection={<IconPlus size={16} />} onClick={() => goTo('calendars/new')}>
            Add a calendar
          </Button>
        )
      }
      columns={[
        { head: 'Name', cell: ({ id, name }) => <ListLink to={`calendars/${id}`}>{name}</ListLink> },
        { head: 'Hours', wide: true, cell: ({ week }) => weekText(week) },
        { head: 'Time zone', wide: true, nowrap: true, cell: ({ zone }) => zone },
        { head: 'Now', nowrap: true, cell: (calendar) => <OpenNow calendar={calendar} /> },
      ]}
    />
  )
}
