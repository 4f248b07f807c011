import { Button, Checkbox, TextInput, Textarea } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { api, messageOf } from '../lib/api'
import { queryClient } from '../lib/query'
import type { Destination } from '../lib/types'
import { Problem } from '../settings/parts/ConfirmDialog'
import { Dialog } from '../settings/parts/Dialog'
import p from '../settings/parts/parts.module.css'
import { destinationsQuery, type Destinations } from './destinations'

interface DestinationDialogProps {
  contactId: string
  /** null: a new one */
  known: Destination | null
  onClose: () => void
}

export default function DestinationDialog({ contactId, known, onClose }: DestinationDialogProps) {
  const [values, setValues] = useState({ label: known?.label ?? '', recipient: known?.recipient ?? '', text: known?.text ?? '', note: known?.note ?? '' })
  const [isDefault, setDefault] = useState(known?.default ?? false)
  const [problem, setProblem] = useState('')
  const path = `/contacts/${contactId}/destinations`
  const set = (name: keyof typeof values) => (event: { currentTarget: { value: string } }) => setValues({ ...values, [name]: event.currentTarget.value })

  async function submit(event: FormEvent) {
    event.preventDefault()
    try {
      const now = known
        ? await api.patch<Destinations>(`${path}/${known.id}`, { ...values, default: isDefault && !known.default, revision: known.revision })
        : await api.post<Destinations>(path, { ...values, default: isDefault })
      queryClient.setQueryData(destinationsQuery(contactId).queryKey, now)
      onClose()
    } catch (error) {
      setProblem(messageOf(error))
    }
  }

  return (
    <Dialog onClose={onClose} title={known ? `Edit ${known.label}` : 'Add an address'} size={460}>
      <form className={p.dialog} onSubmit={(event) => void submit(event)}>
        <TextInput label="Label" placeholder="Home, office, shop…" maxLength={100} data-autofocus value={values.label} onChange={set('label')} />
        <TextInput label="Who takes it in" placeholder="If it is somebody else" maxLength={1000} value={values.recipient} onChange={set('recipient')} />
        <Textarea
          label="Address"
          placeholder="As it is written on a parcel"
          autosize
          minRows={3}
          maxLength={1000}
          required={known === null || known.latitude === null}
          value={values.text}
          onChange={set('text')}
        />
        <TextInput label="How to get there" placeholder="Blue gate behind the pharmacy" maxLength={1000} value={values.note} onChange={set('note')} />
        <Checkbox label="Deliver here if nothing else is said" checked={isDefault} disabled={known?.default ?? false} onChange={(event) => setDefault(event.currentTarget.checked)} />
        <Problem text={problem} />
        <div className={p.dialogFoot}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit">{known ? 'Save' : 'Add it'}</Button>
        </div>
      </form>
    </Dialog>
  )
}
