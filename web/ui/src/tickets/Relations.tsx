import { ActionIcon } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { api } from '../lib/api'
import type { Ticket, TicketRef } from '../lib/types'
import { Badge } from '../ui/Badge'
import { IconX } from '../ui/icons'
import { STATUSES, STATUS_TONES, act } from './tickets'
import s from './tickets.module.css'

/** Other tickets, and conversations, that this one has to do with. */
export function Relations({ ticket, mayEdit }: { ticket: Ticket; mayEdit: boolean }) {
  const { id, parent, children, related, merged, conversation_ids: threads, entry_ids: messages } = ticket
  const remove = (path: string) => void act(id, 'Not removed', () => api.delete<Ticket>(`/tickets/${id}/${path}`))
  const linked = threads.length + messages.length
  return (
    <>
      {parent && <Refs title="Part of" refs={[parent]} />}
      {children.length > 0 && <Refs title={`Sub-tasks (${children.filter((each) => each.status === 'solved' || each.status === 'closed').length} of ${children.length} done)`} refs={children} />}
      {related.length > 0 && (
        <Refs title="Related" refs={related} {...(mayEdit && { onRemove: (ref: TicketRef) => remove(`related/${ref.id}`) })} />
      )}
      {merged.length > 0 && <Refs title="Merged into this" refs={merged} />}
      {linked > 0 && (
        <section>
          <h2>Linked</h2>
          <ul className={s.refs}>
            {threads.map((each, index) => (
              <li key={each}>
                <Link to="/inbox/$conversationId" params={{ conversationId: each }}>
                  Conversation{threads.length > 1 && ` ${index + 1}`}
                </Link>
                {mayEdit && <Remove label="Take the conversation away" onClick={() => remove(`links/${each}`)} />}
              </li>
            ))}
            {messages.length > 0 && (
              <li>
                <span className={s.faint}>{messages.length === 1 ? 'One message' : `${messages.length} messages`} of it</span>
              </li>
            )}
          </ul>
        </section>
      )}
    </>
  )
}

function Refs({ title, refs, onRemove }: { title: string; refs: TicketRef[]; onRemove?: (ref: TicketRef) => void }) {
  return (
    <section>
      <h2>{title}</h2>
      <ul className={s.refs}>
        {refs.map((ref) => (
          <li key={ref.id}>
            <Link to="/tickets/$ticketId" params={{ ticketId: ref.id }}>
              #{ref.number} {ref.title}
            </Link>
            <Badge tone={STATUS_TONES[ref.status]}>{STATUSES[ref.status]}</Badge>
            {onRemove && <Remove label={`No longer related to #${ref.number}`} onClick={() => onRemove(ref)} />}
          </li>
        ))}
      </ul>
    </section>
  )
}

function Remove({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <ActionIcon size={24} aria-label={label} onClick={onClick}>
      <IconX size={13} />
    </ActionIcon>
  )
}
