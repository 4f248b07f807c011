import { Link } from '@tanstack/react-router'
import { Suspense, lazy, useState, type ReactNode } from 'react'
import { fullTime, remaining } from '../../lib/format'
import { useCan, useMe } from '../../lib/session'
import type { Conversation, Deferred } from '../../lib/types'
import { ChannelIcon } from '../../ui/ChannelIcon'
import { IconAlertTriangle, IconClock, IconHourglass } from '../../ui/icons'
import { quoteText } from '../thread/plainText'
import { useNow } from '../useNow'
import { cancelDeferred, changeDeferred, sendDeferred, useDeferred, useWhere } from './deferred'
import s from './deferred.module.css'

const SendLater = lazy(() => import('./SendLater'))

/** What waits in this conversation, between what was said and what is being written. */
export function Waiting({ conversation }: { conversation: Conversation }) {
  const items = useDeferred(conversation.id, conversation.deferred)
  const [moving, setMoving] = useState<Deferred | null>(null)
  const reach = conversation.reach.find((each) => each.account_id === moving?.account_id && each.address === moving.address)
  const { place } = useWhere(conversation.id, reach?.address)
  if (items.length === 0) return null
  return (
    <ul className={s.waiting} aria-label="Messages for later">
      {items.map((item) => (
        <Item key={item.id} item={item} onMove={() => setMoving(item)} />
      ))}
      <li className={s.seeAll}>
        <Link to="/later">All messages for later</Link>
      </li>
      {moving && reach && (
        <Suspense fallback={null}>
          <SendLater
            title="Another time"
            contactName={conversation.contact.name}
            reach={reach}
            place={place}
            at={Math.max(Date.parse(moving.at), Date.now() + 60_000)}
            onReply={moving.on_reply}
            onChoose={(at, onReply) => changeDeferred(moving, { at, on_reply: onReply })}
            onClose={() => setMoving(null)}
          />
        </Suspense>
      )}
    </ul>
  )
}

export function Item({ item, onMove, children }: { item: Deferred; onMove?: () => void; children?: ReactNode }) {
  const me = useMe().member
  const manages = useCan('inbox.manage')
  const mayReply = useCan('inbox.reply')
  const [text, setText] = useState<string | null>(null)
  const words = quoteText({ content: item.content, deleted_at: null })
  const editable = item.content.type === 'text'
  const mine = mayReply && item.state !== 'sending' && (manages || item.author.id === me.id)

  async function save() {
    if (text?.trim() && (text === words || (await changeDeferred(item, { text: text.trim() })))) setText(null)
  }

  return (
    <li data-state={item.state}>
      <div className={s.head}>
        {children}
        <When item={item} />
        <span className={s.author}>
          <ChannelIcon channel={item.channel} size={13} /> {item.author.id === me.id ? 'You' : item.author.name}
        </span>
      </div>
      {text === null ? (
        <p>{words}</p>
      ) : (
        <textarea
          aria-label="Words of the message"
          value={text}
          rows={2}
          autoFocus
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') {
              event.stopPropagation()
              setText(null)
            }
          }}
        />
      )}
      {mine && (
        <div className={s.decide}>
          {text === null ? (
            <>
              {(item.kind === 'scheduled' || item.state === 'asking') && (
                <button type="button" onClick={() => void sendDeferred(item)}>
                  {item.state === 'asking' ? 'Send' : 'Send now'}
                </button>
              )}
              {editable && (
                <button type="button" onClick={() => setText(words)}>
                  Edit
                </button>
              )}
              {item.kind === 'scheduled' && onMove && (
                <button type="button" onClick={onMove}>
                  Another time
                </button>
              )}
              <button type="button" onClick={() => void cancelDeferred(item)}>
                Cancel
              </button>
            </>
          ) : (
            <>
              <button type="button" onClick={() => void save()}>
                Save
              </button>
              <button type="button" onClick={() => setText(null)}>
                Keep as it was
              </button>
            </>
          )}
        </div>
      )}
    </li>
  )
}

/** When it goes, and what it waits for. */
function When({ item }: { item: Deferred }) {
  const now = useNow()
  if (item.state === 'asking') {
    return (
      <b>
        <IconAlertTriangle size={14} /> {item.reason?.message ?? 'Waits for a decision'}
      </b>
    )
  }
  if (item.state === 'sending') return <b>Being sent…</b>
  const left = Date.parse(item.at) - now
  if (item.kind === 'held') {
    return (
      <b title={`Until ${fullTime(item.at)}`}>
        <IconHourglass size={14} /> Goes when the customer answers{item.on_reply === 'ask' && ', unless they say more than a go-ahead'} ·{' '}
        {remaining(left)} left
      </b>
    )
  }
  return (
    <b title={`In ${remaining(left)}`}>
      <IconClock size={14} /> {fullTime(item.at)}
      {item.on_reply === 'cancel' && ', unless they write first'}
    </b>
  )
}
