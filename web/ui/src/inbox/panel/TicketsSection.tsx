import { Button, Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Suspense, lazy, useState } from 'react'
import { incidentsQuery, linkConversations } from '../../incidents/incidents'
import { useShortcut } from '../../lib/keys'
import { useCan } from '../../lib/session'
import { useCell } from '../../lib/store'
import type { Conversation } from '../../lib/types'
import { newTicket } from '../../tickets/newTicket'
import { STATUSES, STATUS_TONES, contactTicketsQuery } from '../../tickets/tickets'
import t from '../../tickets/tickets.module.css'
import { Badge } from '../../ui/Badge'
import { IconPlus, IconSpeakerphone } from '../../ui/icons'

const CreateTicketDialog = lazy(() =>
  import('../../tickets/CreateTicketDialog').then((module) => ({ default: module.CreateTicketDialog })),
)

const ReportDialog = lazy(() => import('../../incidents/ReportDialog').then((module) => ({ default: module.ReportDialog })))

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
        <div className={t.panelActions}>
          <Button
            variant="default"
            size="xs"
            leftSection={<IconPlus size={14} />}
            onClick={() => newTicket.set({ from: { conversation_id: conversation.id } })}
          >
            New ticket
          </Button>
          <IncidentMenu conversationId={conversation.id} />
        </div>
      )}
    </div>
  )
}

/** Adds this conversation to a problem that others have, too. */
function IncidentMenu({ conversationId }: { conversationId: string }) {
  const [opened, setOpened] = useState(false)
  const [reporting, setReporting] = useState(false)
  const { data } = useQuery({ ...incidentsQuery('active'), enabled: opened })
  return (
    <>
      <Menu opened={opened} onChange={setOpened} position="bottom-end" width={240}>
        <Menu.Target>
          <Button variant="default" size="xs" leftSection={<IconSpeakerphone size={14} />}>
            Incident
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {(data ?? []).map((incident) => (
            <Menu.Item key={incident.id} onClick={() => void linkConversations(incident, [conversationId])}>
              {incident.title}
            </Menu.Item>
          ))}
          <Menu.Item onClick={() => setReporting(true)}>Report an incident…</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {reporting && (
        <Suspense>
          <ReportDialog conversationIds={[conversationId]} onClose={() => setReporting(false)} />
        </Suspense>
      )}
    </>
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
