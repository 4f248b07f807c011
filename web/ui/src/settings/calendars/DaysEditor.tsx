import { ActionIcon, Button, Checkbox, FileButton, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { shortDay } from '../../lib/format'
import type { CalendarIn, SpecialDay } from '../../lib/types'
import { IconPlus, IconTrash } from '../../ui/icons'
import { SpansEditor } from './WeekEditor'
import { countriesQuery, holidaysQuery } from './calendars'
import s from './calendars.module.css'

interface PartProps {
  value: CalendarIn
  onChange: (change: Partial<CalendarIn>) => void
}

const names = new Intl.DisplayNames(['en'], { type: 'region' })

/** A country's public holidays; a ticked one is closed. */
export function PublicHolidays({ value, onChange }: PartProps) {
  const { data: countries } = useQuery(countriesQuery)
  const year = new Date().getFullYear()
  const [shown, setShown] = useState(year)
  const { data: holidays } = useQuery(holidaysQuery(value.country ?? null, value.region ?? null, shown))
  const regions = countries?.find(({ code }) => code === value.country)?.regions ?? []
  const worked = value.worked ?? []
  const toggle = (day: string, closed: boolean) =>
    onChange({ worked: closed ? worked.filter((each) => each !== day) : [...worked, day] })
  return (
    <>
      <div className={s.row}>
        <Select
          label="Country"
          placeholder="None"
          searchable
          clearable
          data={(countries ?? [])
            .map(({ code }) => ({ value: code, label: names.of(code) ?? code }))
            .toSorted((one, other) => one.label.localeCompare(other.label))}
          value={value.country ?? null}
          onChange={(country) => onChange({ country, region: null, worked: [] })}
        />
        {regions.length > 0 && (
          <Select
            label="Region"
            placeholder="The whole country"
            searchable
            clearable
            data={regions}
            value={value.region ?? null}
            onChange={(region) => onChange({ region })}
          />
        )}
        {value.country && (
          <Select
            label="Year"
            data={[year, year + 1, year + 2].map(String)}
            value={String(shown)}
            allowDeselect={false}
            onChange={(chosen) => setShown(Number(chosen))}
          />
        )}
      </div>
      {value.country && (
        <ul className={s.holidays} aria-label={`Public holidays in ${shown}`}>
          {holidays?.map(({ day, name }) => (
            <li key={day}>
              <Checkbox
                checked={!worked.includes(day)}
                onChange={(event) => toggle(day, event.currentTarget.checked)}
                label={
                  <>
                    <b>{name}</b> {shortDay(day)}
                  </>
                }
              />
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

/** Days by hand and from a file: closed, or with hours of their own. */
export function SpecialDays({ value, onChange, onFile }: PartProps & { onFile?: (file: File) => void }) {
  const [day, setDay] = useState('')
  const [name, setName] = useState('')
  const special = value.special ?? []
  const set = (days: SpecialDay[]) =>
    onChange({ special: days.toSorted((one, other) => one.day.localeCompare(other.day)) })

  function add() {
    set([...special.filter((each) => each.day !== day), { day, name: name.trim() || 'Closed', hours: [] }])
    setDay('')
    setName('')
  }

  return (
    <>
      <div className={s.row}>
        <TextInput label="Date" type="date" value={day} onChange={(event) => setDay(event.currentTarget.value)} />
        <TextInput
          label="Name"
          placeholder="Stocktaking"
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button variant="default" leftSection={<IconPlus size={15} />} disabled={!day} onClick={add}>
          Add day
        </Button>
        {onFile && (
          <FileButton accept=".ics,text/calendar" onChange={(file) => file && onFile(file)}>
            {(props) => (
              <Button variant="default" {...props}>
                Import a file (ICS)
              </Button>
            )}
          </FileButton>
        )}
      </div>
      {special.length > 0 && (
        <ul className={s.special} aria-label="Special days">
          {special.map((each) => (
            <li key={each.day}>
              <div>
                <b>{each.name}</b>
                <span>{shortDay(each.day)}</span>
              </div>
              <SpansEditor
                name={each.name}
                spans={each.hours ?? []}
                onChange={(hours) => set(special.map((other) => (other.day === each.day ? { ...each, hours } : other)))}
              />
              {(each.hours ?? []).length === 0 && (
                <Button
                  variant="subtle"
                  size="compact-xs"
                  onClick={() =>
                    set(special.map((other) => (other.day === each.day ? { ...each, hours: [{ start: '09:00', end: '12:00' }] } : other)))
                  }
                >
                  Open for some hours
                </Button>
              )}
              <ActionIcon
                aria-label={`Remove ${each.name}, ${shortDay(each.day)}`}
                onClick={() => set(special.filter((other) => other.day !== each.day))}
              >
                <IconTrash size={15} />
              </ActionIcon>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
