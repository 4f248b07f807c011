import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, messageOf, query } from '../lib/api'
import type { Contact, ContactRow, MergePreview, Page } from '../lib/types'
import { done } from '../lib/undo'
import { Problem } from '../settings/parts/ConfirmDialog'
import { Dialog } from '../settings/parts/Dialog'
import p from '../settings/parts/parts.module.css'
import { Avatar } from '../ui/Avatar'
import { Badge } from '../ui/Badge'
import { ChannelIcon, channelLabel } from '../ui/ChannelIcon'
import { ErrorState } from '../ui/ErrorState'
import { useSettled } from '../ui/SearchBox'
import { Skeleton } from '../ui/Skeleton'
import { IconAlertTriangle, IconArrowsExchange } from '../ui/icons'
import { mergeContacts, undoMerge, usePreview, type Picks } from './merging'
import s from './merging.module.css'

interface MergeDialogProps {
  contact: Pick<Contact, 'id' | 'name'>
  /** who it is merged with; chosen in the dialog where it is not known */
  otherId?: string | undefined
  onClose: () => void
  /** the contact that is left */
  onMerged?: ((contact: Contact) => void) | undefined
}

export default function MergeDialog({ contact, otherId, onClose, onMerged }: MergeDialogProps) {
  const [chosen, setChosen] = useState(otherId ?? '')
  return (
    <Dialog onClose={onClose} title={chosen ? 'Merge two contacts' : `Merge ${contact.name} with another contact`} size={640}>
      {chosen ? (
        <Result contactId={contact.id} otherId={chosen} onClose={onClose} onMerged={onMerged} />
      ) : (
        <Choice contactId={contact.id} onChoose={setChosen} />
      )}
    </Dialog>
  )
}

/** Somebody else, by name or address. */
function Choice({ contactId, onChoose }: { contactId: string; onChoose: (id: string) => void }) {
  const [text, setText] = useState('')
  const search = useSettled(text)
  const { data, error } = useQuery({
    queryKey: ['contacts', 'choice', search],
    queryFn: ({ signal }) => api.get<Page<ContactRow>>(`/contacts${query({ q: search, limit: 8 })}`, signal).then((page) => page.items),
    enabled: search !== '',
  })
  const found = (data ?? []).filter((each) => each.id !== contactId)
  return (
    <div className={p.dialog}>
      <TextInput label="Who is the same person?" placeholder="Name or address" value={text} onChange={(event) => setText(event.currentTarget.value)} data-autofocus />
      {error && <Problem text={messageOf(error)} />}
      {search && data && found.length === 0 && <p className={p.prose}>Nobody else matches “{search}”.</p>}
      <ul className={s.choices}>
        {found.map((each) => (
          <li key={each.id}>
            <button type="button" onClick={() => onChoose(each.id)}>
              <Who contact={each} />
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}

function Who({ contact }: { contact: ContactRow }) {
  return (
    <>
      <Avatar name={contact.name} hue={contact.avatar_hue} size={32} />
      <span className={s.who}>
        <b>{contact.name}</b>
        <small>{contact.addresses.map((address) => `${channelLabel(address.channel)} ${address.label}`).join(', ')}</small>
      </span>
    </>
  )
}

const STATES = { open: 'open', pending: 'with the bot', snoozed: 'snoozed', closed: 'closed' } as const

interface ResultProps {
  contactId: string
  otherId: string
  onClose: () => void
  onMerged?: ((contact: Contact) => void) | undefined
}

/** What it will be, before it is. */
function Result({ contactId, otherId, onClose, onMerged }: ResultProps) {
  const [swapped, setSwapped] = useState(false)
  const [picks, setPicks] = useState<Picks>({})
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const [intoId, fromId] = swapped ? [otherId, contactId] : [contactId, otherId]
  const { data, error, refetch, isPlaceholderData } = usePreview(intoId, fromId, picks)
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!data) return <Skeleton height={320} />

  async function merge(preview: MergePreview) {
    setBusy(true)
    setProblem('')
    try {
      const merged = await mergeContacts(intoId, fromId, picks, preview.version)
      onClose()
      onMerged?.(merged)
      const [made] = (await api.get<Page<{ id: string; contact_id: string }>>(`/contacts/${merged.id}/merges`)).items
      if (made) done(`${preview.other.name} is a part of ${merged.name} now`, () => void undoMerge({ id: made.id, contact_name: preview.other.name }))
    } catch (refusal) {
      // What a colleague has changed is in the result when it is looked at again.
      setProblem(messageOf(refusal))
      setBusy(false)
      void refetch()
    }
  }

  return (
    <form
      className={p.dialog}
      aria-busy={isPlaceholderData}
      onSubmit={(event) => {
        event.preventDefault()
        void merge(data)
      }}
    >
      <div className={s.sides}>
        <section aria-label="Stays">
          <h3>Stays</h3>
          <div>
            <Who contact={data.into} />
          </div>
        </section>
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={<IconArrowsExchange size={15} />}
          onClick={() => {
            setSwapped(!swapped)
            setPicks({})
          }}
        >
          Swap
        </Button>
        <section aria-label="Becomes a part of it">
          <h3>Becomes a part of it</h3>
          <div>
            <Who contact={data.other} />
          </div>
        </section>
      </div>
      {data.troubles.length > 0 && (
        <ul className={s.troubles} aria-label="To know before">
          {data.troubles.map((trouble) => (
            <li key={trouble.code + trouble.words}>
              <IconAlertTriangle size={16} />
              {trouble.words}
            </li>
          ))}
        </ul>
      )}
      <section className={s.result} aria-label="The merged contact">
        <h3>The merged contact</h3>
        <dl>
          {data.choices.map((choice) => (
            <Field key={choice.field} choice={choice} onPick={(pick) => setPicks({ ...picks, [choice.field]: pick })} />
          ))}
          <div>
            <dt>Addresses</dt>
            <dd>
              <ul className={s.addresses}>
                {data.addresses.map((address) => {
                  const no = data.stricter.filter((each) => each.address === address.address)
                  return (
                    <li key={address.address}>
                      <ChannelIcon channel={address.channel} size={15} />
                      {address.label}
                      {no.map((each) => (
                        <Badge key={each.purpose} tone="danger" title={`As they said at ${each.because_of}`}>
                          no {each.purpose} messages
                        </Badge>
                      ))}
                    </li>
                  )
                })}
              </ul>
            </dd>
          </div>
          {data.conversation && (
            <div>
              <dt>Conversation</dt>
              <dd>
                {[
                  `${STATES[data.conversation.state]}, ${data.conversation.unread} unread`,
                  data.conversation.tags.length > 0 && count(data.conversation.tags.length, 'tag'),
                  data.conversation.deferred > 0 && `${count(data.conversation.deferred, 'message')} for later`,
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </dd>
            </div>
          )}
          <div>
            <dt>Tickets</dt>
            <dd>
              {data.tickets.length === 0
                ? 'None'
                : data.tickets
                    .slice(0, 5)
                    .map((ticket) => `#${ticket.number} ${ticket.title}`)
                    .join(', ') + (data.tickets.length > 5 || data.more_tickets ? ' and more' : '')}
            </dd>
          </div>
        </dl>
      </section>
      <p className={p.prose}>Nothing is lost: the merge can be undone at any later time, and each side gets back its own messages.</p>
      <Problem text={problem} />
      <div className={p.dialogFoot}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={busy} disabled={isPlaceholderData}>
          Merge
        </Button>
      </div>
    </form>
  )
}

type Picked = MergePreview['choices'][number]['pick']

interface FieldProps {
  choice: MergePreview['choices'][number]
  onPick: (pick: Picked) => void
}

/** A value that both have is picked; one that only one has is taken. */
function Field({ choice, onPick }: FieldProps) {
  const name = choice.label
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {choice.differs && (
          <NativeSelect
            size="xs"
            aria-label={name}
            value={choice.pick}
            onChange={(event) => onPick(event.currentTarget.value as Picked)}
            data={[
              { value: 'into', label: short(choice.into) },
              { value: 'from', label: short(choice.other) },
              ...(choice.field === 'notes' ? [{ value: 'both', label: 'Both, one after the other' }] : []),
            ]}
          />
        )}
        {(!choice.differs || choice.field === 'notes') && <span className={s.value}>{choice.result || 'None'}</span>}
      </dd>
    </div>
  )
}

const short = (text: string) => (text.length > 48 ? `${text.slice(0, 47)}…` : text)
const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`
