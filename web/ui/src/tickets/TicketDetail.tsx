import { ActionIcon, Button, Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { api } from '../lib/api'
import { fullTime } from '../lib/format'
import { usePhone } from '../lib/media'
import { useCan } from '../lib/session'
import { setTitle } from '../lib/title'
import { toast, toastError } from '../lib/toast'
import type { Ticket } from '../lib/types'
import { SlaCountdown } from '../sla/SlaMark'
import { Avatar } from '../ui/Avatar'
import { Badge } from '../ui/Badge'
import { ErrorState } from '../ui/ErrorState'
import { IconArrowLeft, IconDots, IconFlag, IconMessages } from '../ui/icons'
import { Skeleton } from '../ui/Skeleton'
import { Activity } from './Activity'
import { Checklist } from './Checklist'
import { Conflict } from './Conflict'
import { CreateTicketDialog } from './CreateTicketDialog'
import { EditableText } from './EditableText'
import { Facts } from './Facts'
import { MergeDialog, RelateDialog, SplitDialog } from './RelationDialogs'
import { Relations } from './Relations'
import { STATUSES, STATUS_TONES, changeTicket, ticketQuery } from './tickets'
import s from './tickets.module.css'

type Open = 'merge' | 'split' | 'relate' | 'subtask' | null

export function TicketDetail({ id }: { id: string }) {
  const { data: ticket, error, refetch } = useQuery(ticketQuery(id))

  useEffect(() => {
    setTitle(`${ticket ? `#${ticket.number} ${ticket.title}` : 'Ticket'} · Parley`)
  }, [ticket])

  if (error && !ticket) {
    return (
      <div className={s.nothing}>
        <ErrorState error={error} onRetry={() => void refetch()} />
      </div>
    )
  }
  if (!ticket) {
    return (
      <div className={s.waiting}>
        <Skeleton width={320} height={36} />
        <Skeleton height={220} />
      </div>
    )
  }
  return <Detail ticket={ticket} />
}

function Detail({ ticket }: { ticket: Ticket }) {
  const phone = usePhone()
  const mayReply = useCan('inbox.reply') && ticket.merged_into === null
  return (
    <article className={s.detail} aria-label={`Ticket ${ticket.number}`}>
      <header className={s.head}>
        {phone && (
          <ActionIcon component={Link} to="/tickets" size={40} aria-label="Back to the list">
            <IconArrowLeft size={20} />
          </ActionIcon>
        )}
        <div className={s.headText}>
          <p>
            #{ticket.number}
            <Badge tone={STATUS_TONES[ticket.status]}>{STATUSES[ticket.status]}</Badge>
            <SlaCountdown sla={ticket.sla} />
            {ticket.flagged_at && (
              <Badge tone="danger" title={`Since ${fullTime(ticket.flagged_at)}`}>
                <IconFlag size={12} aria-hidden /> Unresolved for too long
              </Badge>
            )}
          </p>
          <EditableText
            label="Title"
            value={ticket.title}
            heading
            mayEdit={mayReply}
            onSave={(title) => void changeTicket(ticket, { title })}
          />
        </div>
        <Actions ticket={ticket} mayReply={mayReply} />
      </header>
      <div className={s.columns}>
        <div className={s.main}>
          <Conflict ticketId={ticket.id} />
          {ticket.merged_into && (
            <p className={s.merged} role="status">
              This ticket went on in{' '}
              <Link to="/tickets/$ticketId" params={{ ticketId: ticket.merged_into.id }}>
                #{ticket.merged_into.number} {ticket.merged_into.title}
              </Link>
              .
            </p>
          )}
          <section>
            <h2>Description</h2>
            <EditableText
              label="Description"
              value={ticket.description}
              multiline
              placeholder="What is it about?"
              mayEdit={mayReply}
              onSave={(description) => void changeTicket(ticket, { description })}
            />
          </section>
          <Checklist ticket={ticket} mayEdit={mayReply} />
          <Activity ticket={ticket} mayComment={mayReply} />
        </div>
        <aside className={s.side} aria-label="About this ticket">
          <section>
            <Link to="/contacts/$contactId" params={{ contactId: ticket.contact.id }} className={s.contact}>
              <Avatar name={ticket.contact.name} hue={ticket.contact.avatar_hue} size={34} />
              <b>{ticket.contact.name}</b>
            </Link>
          </section>
          <Facts ticket={ticket} mayEdit={mayReply} />
          <Relations ticket={ticket} mayEdit={mayReply} />
        </aside>
      </div>
    </article>
  )
}

function Actions({ ticket, mayReply }: { ticket: Ticket; mayReply: boolean }) {
  const navigate = useNavigate()
  const phone = usePhone()
  const [open, setOpen] = useState<Open>(null)
  const show = (made: Ticket) => void navigate({ to: '/tickets/$ticketId', params: { ticketId: made.id } })

  async function copyLink() {
    try {
      const { url } = await api.get<{ url: string }>(`/tickets/${ticket.id}/public-link`)
      await navigator.clipboard.writeText(url)
      toast('The customer’s link is copied')
    } catch (error) {
      toastError('The link was not copied', error)
    }
  }

  const conversation = ticket.conversation_ids[0]
  return (
    <div className={s.headActions}>
      {conversation && phone && (
        <ActionIcon component={Link} to={`/inbox/${conversation}`} variant="default" size={40} aria-label="Conversation">
          <IconMessages size={19} stroke={1.7} />
        </ActionIcon>
      )}
      {conversation && !phone && (
        <Button
          component={Link}
          to={`/inbox/${conversation}`}
          variant="default"
          size="xs"
          leftSection={<IconMessages size={16} stroke={1.7} />}
        >
          Conversation
        </Button>
      )}
      <Menu position="bottom-end" width={220}>
        <Menu.Target>
          <ActionIcon aria-label="More actions">
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => void copyLink()}>Copy the customer’s link</Menu.Item>
          {mayReply && (
            <>
              <Menu.Item onClick={() => setOpen('subtask')}>New sub-task…</Menu.Item>
              <Menu.Item onClick={() => setOpen('relate')}>Relate to another…</Menu.Item>
              <Menu.Item onClick={() => setOpen('split')}>Split…</Menu.Item>
              <Menu.Item onClick={() => setOpen('merge')}>Merge into another…</Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      {open === 'subtask' && (
        <CreateTicketDialog from={{ contact_id: ticket.contact.id, parent_id: ticket.id }} onClose={() => setOpen(null)} />
      )}
      {open === 'relate' && <RelateDialog ticket={ticket} onClose={() => setOpen(null)} />}
      {open === 'split' && <SplitDialog ticket={ticket} onClose={() => setOpen(null)} onDone={show} />}
      {open === 'merge' && <MergeDialog ticket={ticket} onClose={() => setOpen(null)} onDone={show} />}
    </div>
  )
}
