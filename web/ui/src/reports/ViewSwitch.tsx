import { Button, Popover, SegmentedControl, Select } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, messageOf } from '../lib/api'
import { useCan } from '../lib/session'
import { toast } from '../lib/toast'
import { IconWorld } from '../ui/icons'
import { settingsKey, type View } from './view'
import s from './reports.module.css'

const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone

interface ViewSwitchProps {
  view: View
  own: string
  onChange: (view: Partial<View>) => void
}

/** One switch for the whole page: whose midnight ends a day, and whether nights count. */
export function ViewSwitch({ view, own, onChange }: ViewSwitchProps) {
  return (
    <div className={s.switches}>
      <SegmentedControl
        size="xs"
        aria-label="Response and resolution times"
        value={view.hours}
        data={[
          { value: 'wall', label: 'Wall-clock time' },
          { value: 'business', label: 'Business hours' },
        ]}
        onChange={(hours) => onChange({ hours: hours as View['hours'] })}
      />
      <ZonePicker view={view} own={own} onChange={onChange} />
    </div>
  )
}

function ZonePicker({ view, own, onChange }: ViewSwitchProps) {
  const mayChoose = useCan('inbox.manage')
  const client = useQueryClient()
  const [open, setOpen] = useState(false)
  const zones = [...new Set([own, HERE, 'UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone.includes('/'))])]
  async function makeOwn() {
    try {
      await api.put('/reports/settings', { zone: view.zone })
      await client.invalidateQueries({ queryKey: settingsKey })
      toast('Everybody now reads reports in these days, unless they chose others.')
      setOpen(false)
    } catch (error) {
      toast(messageOf(error))
    }
  }
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" withinPortal trapFocus>
      <Popover.Target>
        <button type="button" className={s.zone} aria-expanded={open} onClick={() => setOpen(!open)}>
          <IconWorld size={14} aria-hidden />
          <span className="visually-hidden">Days of </span>
          {placeOf(view.zone)}
        </button>
      </Popover.Target>
      <Popover.Dropdown className={s.zonePop}>
        <Select
          label="Days as in"
          description="Where midnight ends a day: figures, hours of the week and rows all follow."
          searchable
          data-autofocus
          comboboxProps={{ withinPortal: false }}
          limit={60}
          value={view.zone}
          data={zones.map((zone) => ({ value: zone, label: zone === own ? `${named(zone)} (workspace)` : named(zone) }))}
          onChange={(zone) => zone && onChange({ zone })}
        />
        {mayChoose && view.zone !== own && (
          <Button variant="subtle" size="xs" onClick={() => void makeOwn()}>
            Make it the workspace’s zone
          </Button>
        )}
      </Popover.Dropdown>
    </Popover>
  )
}

const named = (zone: string) => zone.replaceAll('_', ' ')
/** The last part says where: Kathmandu. */
export const placeOf = (zone: string) => named(zone.split('/').at(-1) ?? zone)
