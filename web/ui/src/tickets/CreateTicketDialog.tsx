import { Button, NativeSelect, TextInput, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState, type FormEvent } from 'react'
import { useMembers } from '../inbox/presence'
import { ApiError, api, messageOf, query } from '../lib/api'
import { toast } from '../lib/toast'
import type { ContactRow, NewTicket, Page, Ticket, TicketRow } from '../lib/types'
import { Problem } from '../settings/parts/ConfirmDialog'
import { Dialog } from '../settings/parts/Dialog'
import p from '../settings/parts/parts.module.css'
import { PRIORITIES, TYPES, createTicket, options, useForms } from './tickets'

interface CreateTicketDialogProps {
  /** what it is about; without it one chooses a contact */
  from?: Pick<NewTicket, 'conversation_id' | 'entry_id' | 'contact_id' | 'parent_id'>
  title?: string
  description?: string
  onClose: () => void
  onMade?: (ticket: Ticket) => void
}

export function CreateTicketDialog({ from, title: suggested = '', description: quoted = '', onClose, onMade }: CreateTicketDialogProps) {
  const forms = useForms()
  const members = useMembers()
  const [key, setKey] = useState(() => crypto.randomUUID())
  const [title, setTitle] = useState(suggested)
  const [description, setDescription] = useState(quoted)
  const [category, setCategory] = useState('')
  const [type, setType] = useState<TicketRow['type']>('question')
  const [priority, setPriority] = useState<TicketRow['priority'] | ''>('')
  const [owner, setOwner] = useState('')
  const [contactId, setContactId] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const at = (name: string) => (error instanceof ApiError ? error.field(name) : undefined)

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setError(null)
    const wanted: NewTicket = {
      ...(from ?? { contact_id: contactId || null }),
      title: title.trim(),
      description,
      type,
      category_id: category || null,
      priority: priority || null,
      owner_id: owner || null,
    }
    try {
      const made = await createTicket(wanted, key)
      toast(`Ticket #${made.number} made`)
      onClose()
      onMade?.(made)
    } catch (reason) {
      // A refusal is final; only where no answer came does the same key make the repeat safe.
      if (reason instanceof ApiError) setKey(crypto.randomUUID())
      setError(reason)
      setBusy(false)
    }
  }

  const priorityText = forms?.categories?.find((each) => each.id === category)?.priority ?? 'normal'
  return (
    <Dialog onClose={onClose} title="New ticket" size={560}>
      <form className={p.dialog} onSubmit={(event) => void submit(event)}>
        {!from && <ContactChoice onChoose={setContactId} error={at('contact_id')} />}
        <TextInput
          label="Title"
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
          error={at('title')}
          maxLength={200}
          required
          withAsterisk={false}
          data-autofocus={from ? true : undefined}
        />
        <Textarea
          label="Description"
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          rows={4}
          maxLength={20_000}
        />
        <div className={p.pair}>
          {(forms?.categories?.length ?? 0) > 0 && (
            <NativeSelect
              label="Category"
              value={category}
              data={[{ value: '', label: 'None' }, ...(forms?.categories ?? []).map((each) => ({ value: each.id, label: each.name }))]}
              onChange={(event) => setCategory(event.currentTarget.value)}
            />
          )}
          <NativeSelect
            label="Type"
            value={type}
            data={options(TYPES)}
            onChange={(event) => setType(event.currentTarget.value as TicketRow['type'])}
          />
          <NativeSelect
            label="Priority"
            value={priority}
            data={[{ value: '', label: `As the category says (${PRIORITIES[priorityText].toLowerCase()})` }, ...options(PRIORITIES)]}
            onChange={(event) => setPriority(event.currentTarget.value as TicketRow['priority'] | '')}
          />
          <NativeSelect
            label="Owner"
            value={owner}
            data={[{ value: '', label: 'Nobody yet' }, ...members.map((member) => ({ value: member.id, label: member.name }))]}
            onChange={(event) => setOwner(event.currentTarget.value)}
          />
        </div>
        <Problem text={error && !at('title') && !at('contact_id') ? messageOf(error) : ''} />
        <div className={p.dialogFoot}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={!title.trim()}>
            Make the ticket
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

const SEARCH_AFTER_MS = 180

function ContactChoice({ onChoose, error }: { onChoose: (id: string) => void; error: string | undefined }) {
  const [text, setText] = useState('')
  const [search, setSearch] = useState('')
  const { data } = useQuery({
    queryKey: ['contacts', 'choice', search],
    queryFn: ({ signal }) => api.get<Page<ContactRow>>(`/contacts${query({ q: search, limit: 20 })}`, signal).then((page) => page.items),
    enabled: search !== '',
  })
  useEffect(() => {
    const timer = setTimeout(() => setSearch(text.trim()), SEARCH_AFTER_MS)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <div className={p.pair}>
      <TextInput
        label="Find the customer"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        placeholder="Name or address"
        data-autofocus
      />
      <NativeSelect
        label="Customer"
        error={error}
        data={[{ value: '', label: data?.length === 0 ? 'Nobody matches' : 'Choose…' }, ...(data ?? []).map((each) => ({ value: each.id, label: each.name }))]}
        onChange={(event) => onChoose(event.currentTarget.value)}
      />
    </div>
  )
}
