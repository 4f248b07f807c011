import { ActionIcon } from '@mantine/core'
import { memo, useState } from 'react'
import { Link } from '@tanstack/react-router'
import { ConsentCard } from '../../consents/ConsentCard'
import { useContact } from '../../contacts/contactQuery'
import { AddressList } from '../../contacts/AddressList'
import { ContactNotes } from '../../contacts/ContactNotes'
import { ContactValues } from '../../contacts/ContactValues'
import { Doubted } from '../../contacts/Doubted'
import { EditableName } from '../../contacts/EditableName'
import { HealthCard } from '../../contacts/HealthCard'
import { PerhapsSame, SamePerson } from '../../contacts/SamePerson'
import { Timeline } from '../../contacts/Timeline'
import { fullTime, shortDay } from '../../lib/format'
import type { Conversation } from '../../lib/types'
import { Avatar } from '../../ui/Avatar'
import { ErrorState } from '../../ui/ErrorState'
import { Skeleton } from '../../ui/Skeleton'
import { IconExternalLink, IconX } from '../../ui/icons'
import { Satisfaction } from '../closing/Satisfaction'
import { useConversation } from '../conversations'
import { useMembers } from '../presence'
import { openAt } from '../selection'
import { TicketsSection } from './TicketsSection'
import s from './panel.module.css'

type Tab = 'details' | 'timeline'

interface ContactPanelProps {
  conversationId: string
  /** shown where the panel lies over the thread */
  onClose?: (() => void) | undefined
}

export const ContactPanel = memo(function ContactPanel({ conversationId, onClose }: ContactPanelProps) {
  const conversation = useConversation(conversationId)
  const [tab, setTab] = useState<Tab>('details')
  return (
    <aside className={s.panel} aria-label="Contact">
      {conversation && (
        <>
          <div className={s.tabs}>
            <div role="group" aria-label="Show">
              <button type="button" aria-pressed={tab === 'details'} onClick={() => setTab('details')}>
                Details
              </button>
              <button type="button" aria-pressed={tab === 'timeline'} onClick={() => setTab('timeline')}>
                Timeline
              </button>
            </div>
            <ActionIcon component={Link} to={`/contacts/${conversation.contact_id}`} aria-label="Open contact page" size={30}>
              <IconExternalLink size={16} stroke={1.7} />
            </ActionIcon>
            {onClose && (
              <ActionIcon aria-label="Close" size={30} onClick={onClose}>
                <IconX size={17} />
              </ActionIcon>
            )}
          </div>
          {tab === 'details' ? <Details conversation={conversation} /> : (
            <Timeline contactId={conversation.contact_id} onShow={(entry) => openAt(conversation.id, entry.id)} />
          )}
        </>
      )}
    </aside>
  )
})

function Details({ conversation }: { conversation: Conversation }) {
  const { data: contact, error, refetch } = useContact(conversation.contact_id)
  const { name, avatar_hue: hue } = conversation.contact
  return (
    <div className={s.scroll} tabIndex={0} role="group" aria-label="Details">
      <div className={s.who}>
        <Avatar name={name} hue={hue} size={64} />
        {contact ? <EditableName contact={contact} /> : <b>{name}</b>}
        {contact && <span>Customer since {shortDay(contact.created_at)}</span>}
      </div>
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !contact ? (
        <div className={s.waiting}>
          <Skeleton height={56} />
          <Skeleton height={56} />
          <Skeleton height={90} />
        </div>
      ) : (
        <>
          <Doubted contact={contact} />
          <Section title="Addresses">
            <AddressList addresses={contact.addresses} reaches={conversation.reach} />
          </Section>
          <PerhapsSame contact={contact} className={s.section} />
          <HealthCard contactId={contact.id} since={conversation.last_number} className={s.section} />
          <Section title="Profile">
            <ContactValues contact={contact} />
          </Section>
          <ConsentCard contact={contact} className={s.section} />
          <Section title="Tickets">
            <TicketsSection conversation={conversation} />
          </Section>
          <Satisfaction contactId={conversation.contact_id} className={s.section} />
          <Section title="Notes">
            <ContactNotes key={contact.id} contact={contact} />
          </Section>
          <SamePerson contact={contact} className={s.section} />
          <Section title="Conversation">
            <Facts conversation={conversation} />
          </Section>
        </>
      )}
    </div>
  )
}

function Section({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section className={s.section}>
      <h2>{title}</h2>
      {children}
    </section>
  )
}

const STATES: Record<Conversation['state'], string> = {
  open: 'Open',
  pending: 'With the bot',
  snoozed: 'Snoozed',
  closed: 'Closed',
}

function Facts({ conversation }: { conversation: Conversation }) {
  const assignee = useMembers().find((member) => member.id === conversation.assignee_id)
  const rows: [string, string][] = [
    ['State', STATES[conversation.state]],
    ['Assigned to', assignee?.name ?? 'Nobody'],
    ['Queue', conversation.queue.name],
    ['Last activity', fullTime(conversation.last_activity_at)],
  ]
  return (
    <dl className={s.facts}>
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
