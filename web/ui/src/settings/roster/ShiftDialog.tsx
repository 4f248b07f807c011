import '@mantine/core/styles/FloatingIndicator.css'
import '@mantine/core/styles/SegmentedControl.css'
import { Autocomplete, Button, SegmentedControl } from '@mantine/core'
import { useState } from 'react'
import { api, messageOf } from '../../lib/api'
import type { RosterDay, RosterRow, Span } from '../../lib/types'
import { SpansEditor } from '../calendars/WeekEditor'
import { problemOf } from '../calendars/calendars'
import { Problem } from '../parts/ConfirmDialog'
import { Dialog } from '../parts/Dialog'
import { useSaving } from '../parts/FormPage'
import p from '../parts/parts.module.css'
import { REASONS, dayText, isPlanned } from './roster'

const USUAL: Span[] = [{ start: '09:00', end: '17:00' }]

interface ShiftDialogProps {
  row: RosterRow
  day: RosterDay
  zone: string
  onSaved: () => Promise<unknown>
  onClear: () => void
  onClose: () => void
}

/** Plans one day of one person: hours, or why they are not there. */
export function ShiftDialog({ row, day, zone, onSaved, onClear, onClose }: ShiftDialogProps) {
  const [kind, setKind] = useState<'shift' | 'absence'>(day.source === 'absence' ? 'absence' : 'shift')
  const [hours, setHours] = useState<Span[]>(day.hours.length > 0 ? day.hours : USUAL)
  const [reason, setReason] = useState(day.absence ?? '')
  const ready = kind === 'absence' ? reason.trim() !== '' : hours.length > 0 && problemOf(hours) === ''

  const saving = useSaving(async () => {
    const planned = kind === 'absence' ? { absence: reason.trim() } : { hours }
    await api.put(`/roster/${row.member_id}/${day.day}`, { ...planned, revision: day.revision })
    await onSaved()
    onClose()
  })

  return (
    <Dialog onClose={onClose} title={`${row.name}, ${dayText(day.day)}`} size={520}>
      <form className={p.dialog} onSubmit={(event) => ready && void saving.submit(event)}>
        <SegmentedControl
          aria-label="What is planned"
          data={[
            { value: 'shift', label: 'Shift' },
            { value: 'absence', label: 'Absence' },
          ]}
          value={kind}
          onChange={(chosen) => setKind(chosen as typeof kind)}
        />
        {kind === 'shift' ? (
          <>
            <SpansEditor name={dayText(day.day)} spans={hours} onChange={setHours} />
            {hours.length === 0 && (
              <Button variant="default" onClick={() => setHours(USUAL)}>
                Add hours
              </Button>
            )}
            <p className={p.muted}>In {zone}. An end before the start is on the next day.</p>
          </>
        ) : (
          <Autocomplete
            label="Reason"
            description="Seen by them and by who plans the roster."
            placeholder="Holiday"
            data={REASONS}
            maxLength={100}
            value={reason}
            onChange={setReason}
            data-autofocus
          />
        )}
        <Problem text={saving.error ? messageOf(saving.error) : ''} />
        <div className={p.dialogFoot}>
          {isPlanned(day) && (
            <Button
              variant="subtle"
              color="red"
              mr="auto"
              onClick={() => {
                onClear()
                onClose()
              }}
            >
              Take off the roster
            </Button>
          )}
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={saving.busy} disabled={!ready}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
