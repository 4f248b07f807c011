import { useParams } from '@tanstack/react-router'
import { useCan } from '../lib/session'
import { EmptyState } from '../ui/EmptyState'
import { IconUsers } from '../ui/icons'
import { TwoPane } from '../ui/TwoPane'
import { ContactDetail } from './ContactDetail'
import { ContactList } from './ContactList'

export default function ContactsPage() {
  const { contactId } = useParams({ strict: false })
  return (
    <TwoPane
      title="Contacts"
      allowed={useCan('contacts.read')}
      list={<ContactList />}
      detail={contactId && <ContactDetail key={contactId} id={contactId} />}
      nothing={<EmptyState icon={IconUsers} title="No contact is open" text="Choose one to see its addresses, consent and whole history." />}
    />
  )
}
