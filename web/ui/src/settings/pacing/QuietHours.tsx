import { NativeSelect, NumberInput, Select, Switch } from '@mantine/core'
import type { PacingSettings } from '../../lib/types'
import { Panel } from '../parts/Panel'
import { choices, DAYS, weekText, type Hours } from './hours'
import type { Quiet } from './pacing'
import { within } from './within'
import s from './pacing.module.css'

const ZONES = Intl.supportedValuesOf('timeZone')
const COUNTRIES = new Intl.DisplayNames('en', { type: 'region' })

interface QuietHoursProps {
  quiet: Quiet
  presets: PacingSettings['presets']
  onChange: (quiet: Quiet) => void
}

export function QuietHours({ quiet, presets, onChange }: QuietHoursProps) {
  const week = quiet.week ?? Array.from({ length: 7 }, (): Hours => ({ start: 540, end: 1200 }))
  const on = quiet.enabled ?? true
  const set = (change: Partial<Quiet>) => onChange({ ...quiet, ...change })
  const setDay = (day: number, change: Partial<Hours>) =>
    set({
      week: week.map((hours, at) => {
        if (at !== day) return hours
        const { start = 540, end = 1200 } = { ...hours, ...change }
        return change.start === undefined ? { start: Math.min(start, end), end } : { start, end: Math.max(start, end) }
      }) as Quiet['week'] & Hours[],
    })
  return (
    <Panel title="Hours" text="By the clock where the person is. What comes at another hour waits.">
      <div className={s.stack}>
        <Switch label="Marketing keeps to hours" checked={on} onChange={(event) => set({ enabled: event.currentTarget.checked })} />
        {on && (
          <>
            <div className={s.week}>
              {week.map(({ start = 540, end = 1200 }, day) => (
                <div key={DAYS[day]} className={s.day} role="group" aria-label={DAYS[day] ?? ''}>
                  <span>{DAYS[day]}</span>
                  <NativeSelect
                    size="xs"
                    aria-label={`${DAYS[day]} from`}
                    data={choices(start)}
                    value={String(start)}
                    onChange={(event) => setDay(day, { start: Number(event.currentTarget.value) })}
                  />
                  <span aria-hidden>–</span>
                  <NativeSelect
                    size="xs"
                    aria-label={`${DAYS[day]} to`}
                    data={choices(end)}
                    value={String(end)}
                    onChange={(event) => setDay(day, { end: Number(event.currentTarget.value) })}
                  />
                  {start >= end && <small>never</small>}
                </div>
              ))}
            </div>
            <Switch
              label="Narrower where a country wants it"
              description={presets.map((each) => `${COUNTRIES.of(each.country)}: ${weekText(each.week)}${each.holidays ? ', no public holidays' : ''}`).join('. ')}
              checked={quiet.presets ?? true}
              onChange={(event) => set({ presets: event.currentTarget.checked })}
            />
            <div className={s.row}>
              <Select
                label="Time zone where none is known"
                data={ZONES.includes(quiet.zone ?? 'UTC') ? ZONES : [quiet.zone ?? 'UTC', ...ZONES]}
                value={quiet.zone ?? 'UTC'}
                onChange={(zone) => zone && set({ zone })}
                searchable
                allowDeselect={false}
              />
              <NumberInput
                label="Spread after opening"
                suffix=" min"
                min={0}
                max={120}
                value={quiet.spread_minutes ?? 15}
                onChange={(minutes) => set({ spread_minutes: within(minutes, 0, 120) })}
              />
              <NumberInput
                label="Not sent after waiting"
                suffix=" h"
                min={1}
                max={168}
                value={quiet.give_up_hours ?? 48}
                onChange={(hours) => set({ give_up_hours: within(hours, 1, 168) })}
              />
            </div>
          </>
        )}
      </div>
    </Panel>
  )
}
