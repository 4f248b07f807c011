import { Autocomplete, Button, Select, TextInput } from '@mantine/core'
import { useState } from 'react'
import { api, messageOf } from '../../lib/api'
import { plural } from '../../lib/format'
import { toast } from '../../lib/toast'
import type { RosterRow } from '../../lib/types'
import { Problem } from '../parts/ConfirmDialog'
import { Dialog } from '../parts/Dialog'
import { useSaving } from '../parts/FormPage'
import p from '../parts/parts.module.css'
import { REASONS } from './roster'

interface AbsenceDialogProps {
  rows: RosterRow[]
  first: string
  onSaved: () => Promise<unknown>
  onClose: () => void
}

/** Somebody is away from one day to another. */
export function AbsenceDialog({ rows, first, onSaved, onClose }: AbsenceDialogProps) {
  const [value, setValue] = useState({ member_id: rows.length === 1 ? (rows[0]?.member_id ?? '') : '', first, last: first, reason: '' })
  const change = (part: Partial<typeof value>) => setValue((known) => ({ ...known, ...part }))
  const ready = value.member_id !== '' && value.reason.trim() !== '' && value.first !== '' && value.last >= value.first

  const saving = useSaving(async () => {
    const { days } = await api.post<{ days: number }>('/roster/absences', { ...value, reason: value.reason.trim() })
    await onSaved()
    toast(`${plural(days, 'day')} planned.`)
    onClose()
  })

  return (
    <Dialog onClose={onClose} title="Plan an absence" size={460}>
      <form className={p.dialog} onSubmit={(event) => ready && void saving.submit(event)}>
        <Select
          label="Who"
          searchable
          data={rows.map(({ member_id, name }) => ({ value: member_id, label: name }))}
          value={value.member_id || null}
          onChange={(member_id) => change({ member_id: member_id ?? '' })}
          data-autofocus
        />
        <TextInput
          label="From"
          type="date"
          required
          withAsterisk={false}
          value={value.first}
          onChange={({ currentTarget: { value: day } }) => change({ first: day, ...(value.last < day && { last: day }) })}
        />
        <TextInput
          label="Until and with"
          type="date"
          required
          withAsterisk={false}
          min={value.first}
          value={value.last}
          onChange={(event) => change({ last: event.currentTarget.value })}
        />
        <Autocomplete
          label="Reason"
          description="Seen by them and by who plans the roster."
          placeholder="Holiday"
          data={REASONS}
          maxLength={100}
          value={value.reason}
          onChange={(reason) => change({ reason })}
        />
        <p className={p.muted}>It takes the place of shifts that are planned for these days.</p>
        <Problem text={saving.error ? messageOf(saving.error) : ''} />
        <div className={p.dialogFoot}>
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
