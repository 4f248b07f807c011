import '@mantine/core/styles/FloatingIndicator.css'
import '@mantine/core/styles/SegmentedControl.css'
import { ActionIcon, Button, SegmentedControl } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { CampaignLink } from '../campaigns/CampaignLink'
import { Head } from '../campaigns/Head'
import { api, query } from '../lib/api'
import { count } from '../lib/format'
import type { BroadcastCalendar, CalendarSend, CalendarWeek } from '../lib/types'
import { Panel } from '../settings/parts/Panel'
import { ErrorState } from '../ui/ErrorState'
import { IconChevronLeft, IconChevronRight } from '../ui/icons'
import { Skeleton } from '../ui/Skeleton'
import { STATES } from './broadcasts'
import { daysOf, moved, titleOf, type CalendarSpan } from './days'
import s from './calendar.module.css'

/** What goes when, and how many people get several of it in a week. */
export function Calendar() {
  const [span, setSpan] = useState<CalendarSpan>('month')
  const [around, setAround] = useState(() => new Date())
  const [first, last] = daysOf(span, around)
  const { data, error, refetch } = useQuery({
    queryKey: ['broadcasts', 'calendar', first, last],
    queryFn: ({ signal }) => api.get<BroadcastCalendar>(`/broadcasts/calendar${query({ first, last })}`, signal),
    placeholderData: keepPreviousData,
  })
  return (
    <>
      <Head
        title="Calendar"
        back={{ to: 'broadcasts', label: 'Broadcasts' }}
        text="What went, goes and will go, and who would get several of it in one week."
        actions={
          <SegmentedControl
            size="xs"
            aria-label="How much is shown"
            value={span}
            data={[
              { value: 'week', label: 'Week' },
              { value: 'month', label: 'Month' },
            ]}
            onChange={(value) => setSpan(value as CalendarSpan)}
          />
        }
      />
      <div className={s.bar}>
        <ActionIcon variant="default" size={34} aria-label={`Earlier ${span}`} onClick={() => setAround(moved(span, around, -1))}>
          <IconChevronLeft size={17} />
        </ActionIcon>
        <ActionIcon variant="default" size={34} aria-label={`Later ${span}`} onClick={() => setAround(moved(span, around, 1))}>
          <IconChevronRight size={17} />
        </ActionIcon>
        <Button variant="default" onClick={() => setAround(new Date())}>
          Today
        </Button>
        <h2 aria-live="polite">{titleOf(span, around)}</h2>
      </div>
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Skeleton height={420} />
      ) : (
        <>
          <Days calendar={data} month={span === 'month' ? around.getMonth() : null} />
          {data.weeks.map((week) => (
            <Week key={week.first} week={week} />
          ))}
        </>
      )}
    </>
  )
}

const WEEKDAY = new Intl.DateTimeFormat(undefined, { weekday: 'short', timeZone: 'UTC' })
const DAY = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' })

function Days({ calendar, month }: { calendar: BroadcastCalendar; month: number | null }) {
  const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', timeZone: calendar.zone })
  const today = new Intl.DateTimeFormat('sv-SE', { timeZone: calendar.zone }).format(new Date())
  return (
    <ol className={s.days} aria-label="Days">
      {calendar.days.map(({ day, sends }) => {
        const date = new Date(`${day}T00:00:00Z`)
        return (
          <li
            key={day}
            className={s.day}
            data-empty={sends.length === 0 || undefined}
            data-other={(month !== null && date.getUTCMonth() !== month) || undefined}
            aria-label={DAY.format(date)}
            aria-current={day === today ? 'date' : undefined}
          >
            <p className={s.date} aria-hidden>
              <span>{WEEKDAY.format(date)}</span> <b>{date.getUTCDate()}</b>
            </p>
            {sends.map((send) => (
              <Send key={`${send.broadcast_id} ${send.at}`} send={send} time={time.format(new Date(send.at))} />
            ))}
          </li>
        )
      })}
    </ol>
  )
}

function Send({ send, time }: { send: CalendarSend; time: string }) {
  const { label, tone } = STATES[send.state]
  return (
    <CampaignLink to={`broadcasts/${send.broadcast_id}`} className={s.send}>
      <i data-tone={tone} aria-hidden />
      <span>
        <b>{send.name}</b>
        <small>
          {time}, {label.toLowerCase()}
          {send.people !== null && `, ${count(send.people)} people`}
          {send.recurring && ', again and again'}
        </small>
      </span>
    </CampaignLink>
  )
}

const FROM = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', timeZone: 'UTC' })

function Week({ week }: { week: CalendarWeek }) {
  const { first, several, most, exact, pairs } = week
  const about = exact ? '' : 'About '
  return (
    <Panel
      title={`Week from ${FROM.format(new Date(`${first}T00:00:00Z`))}: ${several === 0 ? 'nobody gets several' : `${about.toLowerCase()}${count(several)} people get several`}`}
      text={several === 0 ? undefined : `${most} at most.${exact ? '' : ' An estimate from a part of the people.'} Caps may keep some of it back: Settings, Consent & pacing.`}
    >
      {pairs.length > 0 && (
        <ul className={s.pairs}>
          {pairs.map((pair) => (
            <li key={`${pair.one} ${pair.other}`}>
              <b>
                {about}
                {count(pair.people)}
              </b>{' '}
              get both “{pair.one}” and “{pair.other}”
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
