import { ActionIcon } from '@mantine/core'
import { Timeline } from '../../contacts/Timeline'
import type { Conversation } from '../../lib/types'
import { IconX } from '../../ui/icons'
import { openAt } from '../selection'
import { filtering } from './menuState'
import s from './thread.module.css'

/** In place of the thread: the part of it that one asks for, from where one goes to its place. */
export default function FilteredThread({ conversation: { id, contact_id: contactId } }: { conversation: Conversation }) {
  return (
    <section className={s.filtered} aria-label="Filtered thread">
      <header>
        <h2>Find in this thread</h2>
        <ActionIcon aria-label="Back to the whole thread" onClick={() => filtering.set(null)} data-autofocus>
          <IconX size={17} />
        </ActionIcon>
      </header>
      <Timeline
        key={id}
        contactId={contactId}
        conversationId={id}
        onShow={(entry) => {
          filtering.set(null)
          openAt(id, entry.id)
        }}
      />
    </section>
  )
}
