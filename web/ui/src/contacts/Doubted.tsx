import { Suspense, lazy } from 'react'
import type { Contact } from '../lib/types'
import { useContact } from './contactQuery'

const DoubtNotice = lazy(() => import('./DoubtNotice'))

/** The warning over a contact that may be somebody else; nothing, and nothing loaded, for nearly everybody. */
export function Doubted({ contact }: { contact: Contact | undefined }) {
  if (!contact?.addresses.some((each) => each.doubt?.asks)) return null
  return (
    <Suspense fallback={null}>
      <DoubtNotice contact={contact} />
    </Suspense>
  )
}

/** The same over their thread, which knows itself that there is something to tell. */
export function DoubtedThread({ contactId }: { contactId: string }) {
  const { data: contact } = useContact(contactId)
  return (
    <Suspense fallback={null}>
      {contact && <DoubtNotice contact={contact} brief />}
    </Suspense>
  )
}
