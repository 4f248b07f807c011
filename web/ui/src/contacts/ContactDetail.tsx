import { ActionIcon, Button } from '@mantine/core'
import { Link, useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { ContactBroadcasts } from '../broadcasts/ContactBroadcasts'
import { ConsentCard } from '../consents/ConsentCard'
import { shortDay } from '../lib/format'
import { usePhone } from '../lib/media'
import { setTitle } from '../lib/title'
import type { Contact } from '../lib/types'
import { Avatar } from '../ui/Avatar'
import { ErrorState } from '../ui/ErrorState'
import { Skeleton } from '../ui/Skeleton'
import { IconArrowLeft, IconMessages } from '../ui/icons'
import { AddressBook } from './AddressBook'
import { AddressList } from './AddressList'
import { ContactNotes } from './ContactNotes'
import { ContactValues } from './ContactValues'
import { EditableName } from './EditableName'
import { HealthCard } from './HealthCard'
import { PastValues } from './PastValues'
import { PersonalData } from './PersonalData'
import { PerhapsSame, SamePerson } from './SamePerson'
import { Doubted } from './Doubted'
import { Timeline } from './Timeline'
import { useContact } from './contactQuery'
import s from './contacts.module.css'

export function ContactDetail({ id }: { id: string }) {
  const { data: contact, error, refetch } = useContact(id)
  const navigate = useNavigate()
  const whole = contact?.id ?? id

  useEffect(() => {
    // An old link: this one is a part of another contact now.
    if (whole !== id) void navigate({ to: '/contacts/$contactId', params: { contactId: whole }, replace: true })
  }, [id, whole, navigate])

  useEffect(() => {
    setTitle(`${contact?.name ?? 'Contact'} · Parley`)
  }, [contact?.name])

  if (error) {
    return (
      <div className={s.nothing}>
        <ErrorState error={error} onRetry={() => void refetch()} />
      </div>
    )
  }
  return (
    <article className={s.detail}>
      <DetailHead contact={contact} />
      <Doubted contact={contact} />
      <div className={s.columns}>
        <section className={s.history} aria-label="History">
          <h2>History</h2>
          <Timeline contactId={id} />
        </section>
        <div className={s.facts}>
          {contact ? (
            <>
              <section>
                <h2>Addresses</h2>
                <AddressList addresses={contact.addresses} />
              </section>
              <PerhapsSame contact={contact} />
              <HealthCard contactId={contact.id} since={contact.last_number} />
              <section>
                <h2>Profile</h2>
                <ContactValues contact={contact} />
                <PastValues contactId={contact.id} revision={contact.revision} />
              </section>
              <AddressBook contactId={contact.id} />
              <section>
                <h2>Notes</h2>
                <ContactNotes key={contact.id} contact={contact} />
              </section>
              <SamePerson contact={contact} />
              <ConsentCard contact={contact} />
              <PersonalData contact={contact} />
              <ContactBroadcasts contactId={contact.id} />
            </>
          ) : (
            <Skeleton height={220} />
          )}
        </div>
      </div>
    </article>
  )
}

function DetailHead({ contact }: { contact: Contact | undefined }) {
  const phone = usePhone()
  const conversation = contact?.conversations.find((each) => each.state !== 'closed') ?? contact?.conversations[0]
  return (
    <header className={s.detailHead}>
      {phone && (
        <ActionIcon component={Link} to="/contacts" size={40} aria-label="Back to the list">
          <IconArrowLeft size={20} />
        </ActionIcon>
      )}
      {contact ? (
        <>
          <Avatar name={contact.name} hue={contact.avatar_hue} size={44} />
          <div>
            <h1>
              <EditableName contact={contact} />
            </h1>
            <small>Customer since {shortDay(contact.created_at)}</small>
          </div>
          {conversation && phone && (
            <ActionIcon component={Link} to={`/inbox/${conversation.id}`} variant="default" size={40} aria-label="Conversation">
              <IconMessages size={19} stroke={1.7} />
            </ActionIcon>
          )}
          {conversation && !phone && (
            <Button
              component={Link}
              to={`/inbox/${conversation.id}`}
              variant="default"
              leftSection={<IconMessages size={16} stroke={1.7} />}
            >
              Conversation
            </Button>
          )}
        </>
      ) : (
        <Skeleton width={220} height={40} />
      )}
    </header>
  )
}
