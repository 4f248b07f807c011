import { Button } from '@mantine/core'
import { clock } from '../../lib/format'
import { Dialog } from '../../settings/parts/Dialog'
import type { Entry } from '../../lib/types'
import { ChannelIcon } from '../../ui/ChannelIcon'
import { discardUnsent, reviewLater, sendUnsentAnyway } from '../outbox'
import { quoteText } from '../thread/plainText'
import { ContentView } from '../thread/ContentView'
import { takeUnsentBack } from './composerState'
import s from './newer.module.css'

interface NewerDialogProps {
  conversationId: string
  held: { entry: Entry; newer: Entry[] }[]
}

/** Others wrote first: their messages, the draft, and the choice. Closing it keeps the draft in the thread, unsent. */
export default function NewerDialog({ conversationId, held }: NewerDialogProps) {
  const newer = [...new Map(held.flatMap((item) => item.newer).map((entry) => [entry.id, entry])).values()]
  const editable = held.every(({ entry }) => entry.content?.type === 'text' || entry.content?.type === 'media')
  const close = () => reviewLater(conversationId)

  return (
    <Dialog onClose={close} title="Others have written since you began" size={560}>
      <div className={s.dialog}>
        <section aria-label="New messages" className={s.newer}>
          {newer.map((entry) => (
            <article key={entry.id} data-direction={entry.direction}>
              <small>
                {entry.channel && <ChannelIcon channel={entry.channel} size={12} />} {entry.author?.name ?? 'Customer'} · {clock(entry.at)}
              </small>
              <ContentView entry={entry} />
            </article>
          ))}
        </section>
        <section aria-label="Your message" className={s.draft}>
          <small>Your message, not sent yet</small>
          {held.map(({ entry }) => (
            <p key={entry.id}>{quoteText(entry)}</p>
          ))}
        </section>
        <div className={s.choices}>
          <Button
            variant="subtle"
            color="red"
            onClick={() => {
              for (const { entry } of held) discardUnsent(entry.client_id ?? '')
            }}
          >
            Discard
          </Button>
          <span />
          <Button variant="default" onClick={() => sendUnsentAnyway(conversationId)}>
            Send anyway
          </Button>
          <Button
            data-autofocus
            onClick={() => (editable ? takeUnsentBack(conversationId, held.map(({ entry }) => entry)) : close())}
          >
            {editable ? 'Edit' : 'Decide later'}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
