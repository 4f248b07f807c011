import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState, type FormEvent, type ReactNode } from 'react'
import { api, messageOf, query } from '../lib/api'
import type { Page, Ticket, TicketRow } from '../lib/types'
import { Problem } from '../settings/parts/ConfirmDialog'
import { Dialog } from '../settings/parts/Dialog'
import p from '../settings/parts/parts.module.css'
import { ticketChanged } from './tickets'

interface RelationProps {
  ticket: Ticket
  onClose: () => void
  onDone?: (made: Ticket) => void
}

export function MergeDialog({ ticket, onClose, onDone }: RelationProps) {
  const [other, setOther] = useState('')
  return (
    <Form
      title={`Merge #${ticket.number} into another`}
      confirm="Merge"
      ready={other !== ''}
      ticket={ticket}
      onClose={onClose}
      onSubmit={() => api.post<Ticket>(`/tickets/${ticket.id}/merge`, { into_id: other })}
      onDone={onDone}
    >
      <p className={p.prose}>This ticket is closed. The other one takes over its conversations, messages, tags and steps, and shows its comments.</p>
      <TicketChoice ticket={ticket} onChoose={setOther} />
    </Form>
  )
}

export function RelateDialog({ ticket, onClose }: RelationProps) {
  const [other, setOther] = useState('')
  return (
    <Form
      title={`Relate #${ticket.number} to another`}
      confirm="Relate"
      ready={other !== ''}
      ticket={ticket}
      onClose={onClose}
      onSubmit={() => api.post<Ticket>(`/tickets/${ticket.id}/related`, { ticket_id: other })}
    >
      <TicketChoice ticket={ticket} onChoose={setOther} />
    </Form>
  )
}

export function SplitDialog({ ticket, onClose, onDone }: RelationProps) {
  const [title, setTitle] = useState('')
  const [checks, setChecks] = useState<string[]>([])
  return (
    <Form
      title={`Split #${ticket.number}`}
      confirm="Make the second ticket"
      ready={title.trim() !== ''}
      ticket={ticket}
      onClose={onClose}
      onSubmit={() => api.post<Ticket>(`/tickets/${ticket.id}/split`, { title: title.trim(), check_ids: checks })}
      onDone={onDone}
    >
      <TextInput label="Title of the second ticket" value={title} maxLength={200} onChange={(event) => setTitle(event.currentTarget.value)} data-autofocus />
      {ticket.checklist.length > 0 && (
        <Checkbox.Group label="Steps that go along" value={checks} onChange={setChecks}>
          {ticket.checklist.map((check) => (
            <Checkbox key={check.id} mt={8} size="sm" value={check.id} label={check.text} />
          ))}
        </Checkbox.Group>
      )}
    </Form>
  )
}

interface FormProps {
  title: string
  confirm: string
  ready: boolean
  ticket: Ticket
  children: ReactNode
  onClose: () => void
  onSubmit: () => Promise<Ticket>
  onDone?: ((made: Ticket) => void) | undefined
}

function Form({ title, confirm, ready, ticket, children, onClose, onSubmit, onDone }: FormProps) {
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setProblem('')
    try {
      const made = await onSubmit()
      ticketChanged(ticket.id)
      onClose()
      onDone?.(made)
    } catch (error) {
      setProblem(messageOf(error))
      setBusy(false)
    }
  }

  return (
    <Dialog onClose={onClose} title={title} size={520}>
      <form className={p.dialog} onSubmit={(event) => void submit(event)}>
        {children}
        <Problem text={problem} />
        <div className={p.dialogFoot}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={!ready}>
            {confirm}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

const SEARCH_AFTER_MS = 180

/** Another ticket, by number or title; those of the same customer are offered first. */
function TicketChoice({ ticket, onChoose }: { ticket: Ticket; onChoose: (id: string) => void }) {
  const [text, setText] = useState('')
  const [search, setSearch] = useState('')
  const asked = search ? { q: search, limit: 20 } : { view: 'all', contact_id: ticket.contact.id, limit: 20 }
  const { data } = useQuery({
    queryKey: ['tickets', 'choice', asked],
    queryFn: ({ signal }) => api.get<Page<TicketRow>>(`/tickets${query(asked)}`, signal).then((page) => page.items),
  })
  useEffect(() => {
    const timer = setTimeout(() => setSearch(text.trim()), SEARCH_AFTER_MS)
    return () => clearTimeout(timer)
  }, [text])
  const found = (data ?? []).filter((each) => each.id !== ticket.id)
  return (
    <>
      <TextInput
        label="Find it"
        placeholder="Number or words of the title"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        data-autofocus
      />
      <NativeSelect
        label="Ticket"
        data={[
          { value: '', label: found.length === 0 ? 'No other ticket matches' : 'Choose…' },
          ...found.map((each) => ({ value: each.id, label: `#${each.number} ${each.title}` })),
        ]}
        onChange={(event) => onChoose(event.currentTarget.value)}
      />
    </>
  )
}
