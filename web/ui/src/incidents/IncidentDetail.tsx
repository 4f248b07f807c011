import { ActionIcon, NativeSelect, Progress, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { api, query } from '../lib/api'
import { fullTime, plural } from '../lib/format'
import { usePhone } from '../lib/media'
import { useCan } from '../lib/session'
import { setTitle } from '../lib/title'
import { toastError } from '../lib/toast'
import type { Conversation, Incident, IncidentUpdate, Page } from '../lib/types'
import { EditableText } from '../tickets/EditableText'
import s from '../tickets/tickets.module.css'
import { Badge } from '../ui/Badge'
import { ErrorState } from '../ui/ErrorState'
import { IconArrowLeft, IconX } from '../ui/icons'
import { Skeleton } from '../ui/Skeleton'
import { UpdateForm } from './UpdateForm'
import { STATUSES, TONES, incidentChanged, incidentQuery, linkConversations, tellingsQuery } from './incidents'
import i from './incidents.module.css'

export function IncidentDetail({ id }: { id: string }) {
  const { data: incident, error, refetch } = useQuery(incidentQuery(id))

  useEffect(() => {
    setTitle(`${incident?.title ?? 'Incident'} · Parley`)
  }, [incident?.title])

  if (error && !incident) {
    return (
      <div className={s.nothing}>
        <ErrorState error={error} onRetry={() => void refetch()} />
      </div>
    )
  }
  if (!incident) {
    return (
      <div className={s.waiting}>
        <Skeleton width={320} height={36} />
        <Skeleton height={200} />
      </div>
    )
  }
  return <Detail incident={incident} />
}

function Detail({ incident }: { incident: Incident }) {
  const phone = usePhone()
  const mayReply = useCan('inbox.reply')
  const manages = useCan('inbox.manage')

  async function change(what: { title?: string; status_text?: string }) {
    try {
      await api.patch(`/incidents/${incident.id}`, { revision: incident.revision, ...what })
    } catch (error) {
      toastError('The incident was not changed', error)
    }
    incidentChanged(incident.id)
  }

  return (
    <article className={s.detail} aria-label={`Incident ${incident.title}`}>
      <header className={s.head}>
        {phone && (
          <ActionIcon component={Link} to="/incidents" size={40} aria-label="Back to the list">
            <IconArrowLeft size={20} />
          </ActionIcon>
        )}
        <div className={s.headText}>
          <p>
            <Badge tone={TONES[incident.status]}>{STATUSES[incident.status]}</Badge>
            since {fullTime(incident.created_at)}
          </p>
          <EditableText label="Title" value={incident.title} heading mayEdit={mayReply} onSave={(title) => void change({ title })} />
        </div>
      </header>
      <div className={s.columns}>
        <div className={s.main}>
          <section>
            <h2>How it stands</h2>
            <EditableText
              label="How it stands"
              value={incident.status_text}
              multiline
              placeholder="What colleagues may tell whoever asks"
              mayEdit={mayReply}
              onSave={(status_text) => void change({ status_text })}
            />
          </section>
          {manages && <UpdateForm incident={incident} />}
          <section>
            <h2>Updates</h2>
            {incident.updates.length === 0 ? (
              <p className={s.faint}>Nobody was told anything yet.</p>
            ) : (
              <ol className={i.updates}>
                {incident.updates.map((update) => (
                  <UpdateItem key={update.id} update={update} />
                ))}
              </ol>
            )}
          </section>
        </div>
        <aside className={s.side} aria-label="Linked conversations">
          <section>
            <h2>{plural(incident.linked, 'conversation')}</h2>
            <ul className={s.refs}>
              {incident.links.map((link) => (
                <li key={link.conversation_id}>
                  <Link to="/inbox/$conversationId" params={{ conversationId: link.conversation_id }}>
                    {link.contact_name}
                  </Link>
                  {link.ticket_id && (
                    <Link to="/tickets/$ticketId" params={{ ticketId: link.ticket_id }} className={i.ticket}>
                      Ticket
                    </Link>
                  )}
                  {mayReply && (
                    <ActionIcon
                      size={24}
                      aria-label={`Take ${link.contact_name} out`}
                      onClick={() =>
                        void api
                          .delete(`/incidents/${incident.id}/links/${link.conversation_id}`)
                          .catch((error: unknown) => toastError('Not taken out', error))
                          .finally(() => incidentChanged(incident.id))
                      }
                    >
                      <IconX size={13} />
                    </ActionIcon>
                  )}
                </li>
              ))}
            </ul>
            {incident.links.length < incident.linked && <p className={s.faint}>and {incident.linked - incident.links.length} more</p>}
            {mayReply && <AddConversation incident={incident} />}
          </section>
        </aside>
      </div>
    </article>
  )
}

function UpdateItem({ update }: { update: IncidentUpdate }) {
  const [open, setOpen] = useState(false)
  const had = update.sent + update.not_sent
  return (
    <li className={i.update}>
      <p className={i.updateHead}>
        <Badge tone={TONES[update.status]}>{STATUSES[update.status]}</Badge>
        <b>{update.author_name}</b>
        <time dateTime={update.at}>{fullTime(update.at)}</time>
      </p>
      <p className={s.text}>{update.text}</p>
      {!update.done_at && <Progress value={update.of === 0 ? 0 : (100 * had) / update.of} size="sm" aria-label={`Told ${had} of ${update.of}`} />}
      <p className={i.outcome} role="status">
        {update.done_at ? 'Sent to ' : 'Sending: '}
        {update.sent} of {update.of}
        {update.not_sent > 0 && (
          <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
            {update.not_sent} could not be told
          </button>
        )}
      </p>
      {open && <NotTold updateId={update.id} />}
    </li>
  )
}

function NotTold({ updateId }: { updateId: string }) {
  const { data } = useQuery(tellingsQuery(updateId))
  if (!data) return <Skeleton height={40} />
  return (
    <ul className={i.notTold}>
      {data.map((telling) => (
        <li key={telling.conversation_id}>
          <Link to="/inbox/$conversationId" params={{ conversationId: telling.conversation_id }}>
            {telling.contact_name}
          </Link>
          <span>{telling.reason}</span>
        </li>
      ))}
    </ul>
  )
}

const SEARCH_AFTER_MS = 180

function AddConversation({ incident }: { incident: Incident }) {
  const [text, setText] = useState('')
  const [search, setSearch] = useState('')
  const { data } = useQuery({
    queryKey: ['conversations', 'choice', search],
    queryFn: ({ signal }) => api.get<Page<Conversation>>(`/conversations${query({ view: 'all', q: search, limit: 20 })}`, signal).then((page) => page.items),
    enabled: search !== '',
  })
  useEffect(() => {
    const timer = setTimeout(() => setSearch(text.trim()), SEARCH_AFTER_MS)
    return () => clearTimeout(timer)
  }, [text])
  const known = new Set(incident.links.map((link) => link.conversation_id))
  const found = (data ?? []).filter((each) => !known.has(each.id))
  return (
    <div className={i.add}>
      <TextInput size="xs" label="Add a customer" placeholder="Name or address" value={text} onChange={(event) => setText(event.currentTarget.value)} />
      {search && (
        <NativeSelect
          size="xs"
          aria-label="Customer to add"
          value=""
          data={[{ value: '', label: found.length === 0 ? 'Nobody matches' : 'Choose…' }, ...found.map((each) => ({ value: each.id, label: each.contact.name }))]}
          onChange={(event) => {
            const chosen = event.currentTarget.value
            if (!chosen) return
            setText('')
            void linkConversations(incident, [chosen])
          }}
        />
      )}
    </div>
  )
}
