import { Suspense, lazy, memo } from 'react'
import { clock, fullTime } from '../../lib/format'
import { useMe } from '../../lib/session'
import type { Entry } from '../../lib/types'
import { ChannelIcon, channelLabel } from '../../ui/ChannelIcon'
import { IconExternalLink, IconLock } from '../../ui/icons'
import { Ticks } from '../Ticks'
import { translationOf, useConnected, useShownOriginal, withWords, wordsOf } from '../translating/translation'
import { CampaignMark } from './CampaignMark'
import { ContentView } from './ContentView'
import { Failure } from './Failure'
import { MessageActions } from './MessageActions'
import { TakeBack } from './TakeBack'
import s from './thread.module.css'

const TranslationFoot = lazy(() => import('../translating/TranslationFoot'))

interface BubbleProps {
  entry: Entry
  first: boolean
  last: boolean
  channelMark: boolean
  menuOpen: boolean
  onJump: (entryId: string) => void
}

export const Bubble = memo(function Bubble({ entry, first, last, channelMark, menuOpen, onJump }: BubbleProps) {
  const { kind, direction, author, reply_to: quote, status } = entry
  const side = kind === 'note' ? 'note' : (direction ?? 'in')
  const connected = useConnected()
  const original = useShownOriginal(entry.id)
  const made = direction === 'in' ? translationOf(entry) : null
  return (
    <div
      className={s.message}
      id={`entry-${entry.id}`}
      data-side={side}
      data-first={first || undefined}
      data-last={last || undefined}
      data-menu={menuOpen || undefined}
    >
      {first && (side !== 'in' || author?.type === 'bot') && <Author entry={entry} />}
      {channelMark && entry.channel && (
        <span className={s.channelMark}>
          <ChannelIcon channel={entry.channel} size={13} /> {channelLabel(entry.channel)}
        </span>
      )}
      <div className={s.line}>
        <div className={s.bubble} data-look={lookOf(entry)}>
          {entry.referral && <Referral referral={entry.referral} />}
          {entry.campaign && <CampaignMark campaign={entry.campaign} />}
          {entry.forwarded && <span className={s.kindLabel}>Forwarded</span>}
          {quote && (
            <button
              type="button"
              className={s.quote}
              disabled={!quote.entry_id}
              onClick={() => quote.entry_id && onJump(quote.entry_id)}
            >
              <b>{quote.author_name ?? 'Message'}</b>
              <span>{quote.text}</span>
            </button>
          )}
          <ContentView entry={made && !original ? withWords(entry, made.text) : entry} />
          {entry.written && <Wrote entry={entry} />}
          <span className={s.meta}>
            {entry.edited_at && !entry.deleted_at && <span title={fullTime(entry.edited_at)}>edited</span>}
            <time dateTime={entry.at} title={fullTime(entry.at)}>
              {clock(entry.at)}
            </time>
            {direction === 'out' && status && <Ticks status={status} times={entry.status_times} />}
          </span>
        </div>
        <MessageActions entry={entry} open={menuOpen} />
      </div>
      {direction === 'in' && (made || (connected && wordsOf(entry))) && (
        <Suspense fallback={null}>
          <TranslationFoot entry={entry} />
        </Suspense>
      )}
      {entry.undo_until && status === 'queued' && <TakeBack entry={entry} />}
      {entry.reactions.length > 0 && <Reactions entry={entry} />}
      {(status === 'failed' || status === 'unknown' || status === 'skipped') && <Failure entry={entry} />}
    </div>
  )
})

function Author({ entry }: { entry: Entry }) {
  const { author, kind } = entry
  const me = useMe().member
  const name = author?.type === 'phone_app' ? 'Written on the phone' : author?.id === me.id ? 'You' : author?.name
  return (
    <span className={s.author}>
      {kind === 'note' && (
        <>
          <IconLock size={12} /> Private note ·{' '}
        </>
      )}
      {name}
      {author?.type === 'bot' && ' · bot'}
    </span>
  )
}

/** What the agent wrote, whose translation is what the customer got. */
function Wrote({ entry: { author, written } }: { entry: Entry }) {
  const me = useMe().member
  return (
    <span className={s.wrote} dir="auto">
      <b>{author.id === me.id ? 'You' : (author.name ?? 'A colleague')} wrote:</b> {written?.text}
    </span>
  )
}

function Reactions({ entry }: { entry: Entry }) {
  const byEmoji = Map.groupBy(entry.reactions, (reaction) => reaction.emoji)
  return (
    <div className={s.reactions}>
      {[...byEmoji].map(([emoji, reactions]) => {
        const names = reactions.map((reaction) => reaction.name ?? 'somebody').join(', ')
        return (
          <span key={emoji} title={names} role="img" aria-label={`${emoji} by ${names}`}>
            {emoji}
            {reactions.length > 1 && <small>{reactions.length}</small>}
          </span>
        )
      })}
    </div>
  )
}

function Referral({ referral }: { referral: Record<string, unknown> }) {
  const title = [referral.headline, referral.body, referral.source].find((part) => typeof part === 'string')
  const url = typeof referral.url === 'string' && /^https?:/.test(referral.url) ? referral.url : null
  return (
    <span className={s.referral}>
      <span>Came from an ad</span>
      {title && <b>{String(title)}</b>}
      {url && (
        <a href={url} target="_blank" rel="noreferrer noopener" aria-label="Open the ad">
          <IconExternalLink size={13} />
        </a>
      )}
    </span>
  )
}

/** A sticker stands without a bubble; a picture fills its bubble, with the time on it when there is no caption. */
function lookOf({ content, deleted_at: deleted }: Entry): 'bare' | 'media' | 'picture' | undefined {
  if (deleted || content?.type !== 'media' || content.media.state !== 'ready') return undefined
  const { kind } = content.media
  if (kind === 'sticker') return 'bare'
  if (kind === 'image') return content.caption ? 'media' : 'picture'
  return kind === 'video' ? 'media' : undefined
}
