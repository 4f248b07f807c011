import { Button, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { api, messageOf } from '../lib/api'
import { queryClient } from '../lib/query'
import { toast } from '../lib/toast'
import type { Contact, ErasureOutlook } from '../lib/types'
import { Problem } from '../settings/parts/ConfirmDialog'
import { Dialog } from '../settings/parts/Dialog'
import { ErrorState } from '../ui/ErrorState'
import { Skeleton } from '../ui/Skeleton'
import s from './personal.module.css'

/** What goes and what stays, before somebody writes the name out and means it. */
export default function EraseDialog({ contact, onClose }: { contact: Contact; onClose: () => void }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['contact', contact.id, 'erasure'],
    queryFn: ({ signal }) => api.get<ErasureOutlook>(`/contacts/${contact.id}/erasure`, signal),
    staleTime: 0,
  })
  return (
    <Dialog onClose={onClose} title={`Erase ${contact.name}?`} size={620}>
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : data ? (
        <Decide contact={contact} outlook={data} onClose={onClose} />
      ) : (
        <Skeleton height={260} />
      )}
    </Dialog>
  )
}

function Decide({ contact, outlook, onClose }: { contact: Contact; outlook: ErasureOutlook; onClose: () => void }) {
  const navigate = useNavigate()
  const [name, setName] = useState('')
  const [reason, setReason] = useState('They asked to be erased.')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const ready = name.trim() === contact.name.trim() && reason.trim() !== '' && !outlook.against

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (!ready) return
    setBusy(true)
    setProblem('')
    try {
      await api.post(`/contacts/${contact.id}/erase`, { name, reason })
      void queryClient.invalidateQueries({ queryKey: ['contacts'] })
      void queryClient.invalidateQueries({ queryKey: ['erasures'] })
      toast('They are being erased. The proof is under Settings, Privacy.')
      onClose()
      void navigate({ to: '/contacts' })
    } catch (error) {
      setProblem(messageOf(error))
      setBusy(false)
    }
  }

  return (
    <form className={s.form} onSubmit={(event) => void submit(event)}>
      <div className={s.lists}>
        <Items title="Goes for ever" items={outlook.goes} />
        <Items title="Stays" items={outlook.stays} />
      </div>
      <TextInput label="Why" value={reason} onChange={(event) => setReason(event.currentTarget.value)} maxLength={500} required />
      <TextInput
        label={`Type ${contact.name} to confirm`}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
      />
      <Problem text={problem || outlook.against || ''} />
      <div className={s.foot}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" color="red" loading={busy} disabled={!ready}>
          Erase for ever
        </Button>
      </div>
    </form>
  )
}

function Items({ title, items }: { title: string; items: ErasureOutlook['goes'] }) {
  return (
    <section>
      <h3>{title}</h3>
      <ul>
        {items.map((each) => (
          <li key={each.code}>
            <b>{each.number}</b> {each.words}
          </li>
        ))}
      </ul>
    </section>
  )
}
