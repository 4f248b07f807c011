import { Button, Select, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../lib/api'
import { plural } from '../../lib/format'
import { useCan } from '../../lib/session'
import { toast, toastError } from '../../lib/toast'
import type { Calendar, CalendarImport, CalendarIn } from '../../lib/types'
import { ConfirmDialog } from '../parts/ConfirmDialog'
import { FormPage, useSaving } from '../parts/FormPage'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { Panel } from '../parts/Panel'
import { FailedPage } from '../parts/States'
import { useGoTo } from '../parts/useSettingsPath'
import { PublicHolidays, SpecialDays } from './DaysEditor'
import { OpenNow } from './OpenNow'
import { WeekEditor } from './WeekEditor'
import { FRESH, calendarsQuery, problemOf } from './calendars'
import s from './calendars.module.css'

const BACK = { to: 'calendars', label: 'Business hours' }
const ZONES = Intl.supportedValuesOf('timeZone')

/** `new`, or the calendar of this id */
export function CalendarPage({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(calendarsQuery)
  const calendar = data?.find((each) => each.id === id)
  if (error && !data) return <FailedPage title="Calendar" back={BACK} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton />
  if (id !== 'new' && !calendar) {
    return <Heading title="This calendar is gone" text="Somebody has deleted it." back={BACK} />
  }
  return <CalendarForm key={calendar?.revision ?? 'new'} calendar={calendar ?? null} />
}

function CalendarForm({ calendar }: { calendar: Calendar | null }) {
  const manages = useCan('inbox.manage')
  const client = useQueryClient()
  const goTo = useGoTo()
  const [value, setValue] = useState<CalendarIn>(() => (calendar ? given(calendar) : FRESH))
  const [deleting, setDeleting] = useState(false)
  const change = (part: Partial<CalendarIn>) => setValue((known) => ({ ...known, ...part }))
  const wrong = value.week.some((day) => problemOf(day) !== '')

  const saving = useSaving(async () => {
    if (calendar) await api.put(`/calendars/${calendar.id}`, { ...value, revision: calendar.revision })
    else await api.post('/calendars', value)
    await client.invalidateQueries({ queryKey: ['calendars'] })
    toast('Saved.')
    goTo('calendars')
  })
  const { refusal } = saving

  async function readFile(file: File) {
    if (!calendar) return
    try {
      const answer = await api.post<CalendarImport>(`/calendars/${calendar.id}/import`, { ics: await file.text() })
      await client.invalidateQueries({ queryKey: ['calendars'] })
      const passed = answer.passed_over ? ` ${plural(answer.passed_over, 'event')} with a time of day passed over.` : ''
      toast(`${plural(answer.added, 'day')} added.${passed}`)
    } catch (reason) {
      toastError('The file was not imported', reason)
    }
  }

  return (
    <FormPage
      label="Calendar"
      heading={
        <Heading
          title={calendar?.name ?? 'New calendar'}
          text={calendar && <OpenNow calendar={calendar} />}
          back={BACK}
          actions={
            calendar &&
            manages && (
              <Button variant="default" color="red" onClick={() => setDeleting(true)}>
                Delete
              </Button>
            )
          }
        />
      }
      saving={saving}
      editable={manages}
      back="calendars"
      wrong={wrong}
      around={
        deleting && calendar && (
          <ConfirmDialog
            title={`Delete ${calendar.name}?`}
            confirm="Delete"
            onConfirm={async () => {
              await api.delete(`/calendars/${calendar.id}`)
              await client.invalidateQueries({ queryKey: ['calendars'] })
              goTo('calendars')
            }}
            onClose={() => setDeleting(false)}
          >
            <p>A calendar that teams or rules still use stays; you are told where.</p>
          </ConfirmDialog>
        )
      }
    >
      <Panel title="Hours" text="Several spans a day are possible; an end before the start is on the next day.">
        <div className={s.row}>
          <TextInput
            label="Name"
            placeholder="Office hours"
            required
            withAsterisk={false}
            maxLength={100}
            value={value.name}
            onChange={(event) => change({ name: event.currentTarget.value })}
            error={refusal?.field('name')}
          />
          <Select
            label="Time zone"
            searchable
            allowDeselect={false}
            data={ZONES.includes(value.zone) ? ZONES : [value.zone, ...ZONES]}
            value={value.zone}
            onChange={(zone) => zone && change({ zone })}
            error={refusal?.field('zone')}
          />
        </div>
        <WeekEditor week={value.week} onChange={(week) => change({ week })} />
      </Panel>
      <Panel title="Public holidays" text="Closed on the holidays of a country; untick those on which you work.">
        <PublicHolidays value={value} onChange={change} />
      </Panel>
      <Panel title="Special days" text="Days of your own: closed, or with hours of their own. They come before everything else.">
        <SpecialDays value={value} onChange={change} {...(calendar && { onFile: (file: File) => void readFile(file) })} />
      </Panel>
    </FormPage>
  )
}

function given({ name, zone, week, country, region, worked, special }: Calendar): CalendarIn {
  return { name, zone, week, country, region, worked, special }
}
