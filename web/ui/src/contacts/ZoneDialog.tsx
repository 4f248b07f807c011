import { Button, Select } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { Dialog } from '../settings/parts/Dialog'
import p from '../settings/parts/parts.module.css'

interface ZoneDialogProps {
  title: string
  onClose: () => void
  onChosen: (zone: string) => void
}

/** Choosing one time zone for many. */
export default function ZoneDialog({ title, onClose, onChosen }: ZoneDialogProps) {
  const [zone, setZone] = useState<string | null>(null)

  function submit(event: FormEvent) {
    event.preventDefault()
    if (!zone) return
    onClose()
    onChosen(zone)
  }

  return (
    <Dialog onClose={onClose} title={title} size={400}>
      <form className={p.dialog} onSubmit={submit}>
        <Select
          label="Time zone"
          placeholder="Africa/Accra"
          data-autofocus
          searchable
          limit={60}
          data={Intl.supportedValuesOf('timeZone')}
          value={zone}
          onChange={setZone}
        />
        <div className={p.dialogFoot}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" disabled={!zone}>
            Set it
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
