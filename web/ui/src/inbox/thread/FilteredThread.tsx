import { ActionIcon, Button } from '@mantine/core'
import { useState } from 'react'
import { Timeline } from '../../contacts/Timeline'
import type { Conversation } from '../../lib/types'
import { IconX } from '../../ui/icons'
import { openAt, wantedEntry } from '../selection'
import { filtering } from './menuState'
import s from './thread.module.css'

const localDay = (at: Date) => `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`

/** In place of the thread: the part of it that one asks for, from where one goes to its place. */
export default function FilteredThread({ conversation: { id, contact_id: contactId } }: { conversation: Conversation }) {
  const [day, setDay] = useState('')

  function goTo() {
    if (!day) return
    filtering.set(null)
    // The day begins where the reader is.
    wantedEntry.set({ conversationId: id, place: { at: new Date(`${day}T00:00`).toISOString() } })
  }

  return (
    <section className={s.filtered} aria-label="Filtered thread">
      <header>
        <h2>Find in this thread</h2>
        <label className={s.goTo}>
          Go to
          <input
            type="date"
            aria-label="Go to a day"
            max={localDay(new Date())}
            onChange={(event) => setDay(event.currentTarget.value)}
            onKeyDown={(event) => event.key === 'Enter' && goTo()}
          />
        </label>
        <Button size="compact-sm" variant="default" disabled={!day} onClick={goTo}>
          Go
        </Button>
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
