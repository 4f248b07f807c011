import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Suspense, lazy } from 'react'
import { useShortcut } from '../../lib/keys'
import { useCan } from '../../lib/session'
import { useCell } from '../../lib/store'
import type { Conversation } from '../../lib/types'
import { newTicket } from '../../tickets/newTicket'
import { STATUSES, STATUS_TONES, contactTicketsQuery } from '../../tickets/tickets'
import t from '../../tickets/tickets.module.css'
import { Badge } from '../../ui/Badge'
import { IconPlus } from '../../ui/icons'

const CreateTicketDialog = lazy(() =>
  import('../../tickets/CreateTicketDialog').then((module) => ({ default: module.CreateTicketDialog })),
)

/** The tickets of this contact, and the way to a new one. */
export function TicketsSection({ conversation }: { conversation: Conversation }) {
  const mayReply = useCan('inbox.reply')
  const { data } = useQuery(contactTicketsQuery(conversation.contact_id))
  if (!data) return null
  return (
    <div className={t.panelTickets}>
      {data.map((ticket) => (
        <Link key={ticket.id} to="/tickets/$ticketId" params={{ ticketId: ticket.id }}>
          <b>{ticket.title}</b>
          <span>
            #{ticket.number}
            <Badge tone={STATUS_TONES[ticket.status]}>{STATUSES[ticket.status]}</Badge>
          </span>
        </Link>
      ))}
      {data.length === 0 && <p>None. A problem that takes longer gets an owner and a deadline as a ticket.</p>}
      {mayReply && (
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} />}
          onClick={() => newTicket.set({ from: { conversation_id: conversation.id } })}
        >
          New ticket
        </Button>
      )}
    </div>
  )
}

/** The dialog for a new ticket, wherever it is asked for in this conversation; with its key. */
export function NewTicketDialog({ conversationId }: { conversationId: string }) {
  const asked = useCell(newTicket)
  const mayReply = useCan('inbox.reply')
  useShortcut('c', 'New ticket', 'Conversations', () => newTicket.set({ from: { conversation_id: conversationId } }), mayReply)
  return (
    asked && (
      <Suspense>
        <CreateTicketDialog {...asked} onClose={() => newTicket.set(null)} />
      </Suspense>
    )
  )
}
