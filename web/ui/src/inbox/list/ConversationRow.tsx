import { memo, type CSSProperties } from 'react'
import { fullTime, listTime, remaining, upcoming } from '../../lib/format'
import type { Conversation, Member } from '../../lib/types'
import { Avatar } from '../../ui/Avatar'
import { ChannelIcon } from '../../ui/ChannelIcon'
import { IconAlarm, IconCheck, IconFlag } from '../../ui/icons'
import { SlaMark } from '../../sla/SlaMark'
import { Ticks } from '../Ticks'
import { RowViewers } from '../assist/RowViewers'
import { previewOf } from '../summary'
import { priorityLabel } from '../tags/priorities'
import { TagDots } from '../tags/TagDots'
import { useUnsentSummary } from './unsent'
import s from './list.module.css'

const WINDOW_WARNING_MS = 4 * 3_600_000
const WORTH_SAYING_MS = 5 * 60_000
const LONG_WAIT_MS = 3_600_000

interface RowProps {
  conversation: Conversation
  /** where the list holds those of several teams */
  team: string | undefined
  assignee: Member | undefined
  active: boolean
  typing: boolean
  myName: string
  now: number
}

export const ConversationRow = memo(function ConversationRow({ conversation, team, assignee, active, typing, myName, now }: RowProps) {
  const { contact, unread, reach } = conversation
  const last = useUnsentSummary(conversation.id) ?? conversation.last_entry
  const preview = previewOf(last, myName)
  const channel = last?.channel ?? reach[0]?.channel
  const closing = windowLeft(conversation, now)
  const waits = waitingFor(conversation, now)
  const time = listTime(conversation.last_activity_at, now)
  return (
    <div className={s.row} data-active={active || undefined} data-unread={unread > 0 || undefined}>
      <span className={s.face} data-choose>
        <Avatar
          name={contact.name}
          hue={contact.avatar_hue}
          size={38}
          badge={channel && <ChannelIcon channel={channel} size={12} />}
        />
        <i className={s.tick} aria-hidden>
          <IconCheck size={16} stroke={2.4} />
        </i>
      </span>
      <div className={s.rowText}>
        <div className={s.rowTop}>
          <b>{contact.name}</b>
          {conversation.priority !== 'normal' && (
            <span className={s.priority} data-priority={conversation.priority} title={`${priorityLabel(conversation.priority)} priority`}>
              <IconFlag size={13} stroke={2} aria-label={`${priorityLabel(conversation.priority)} priority`} />
            </span>
          )}
          <TagDots ids={conversation.tags} />
          {/* Who wrote once and waits since then waits as long as the time beside it says. */}
          {waits !== null && shortWait(waits) !== time && (
            <span className={s.waiting} data-long={waits > LONG_WAIT_MS || undefined} title={`Waiting for ${remaining(waits)}`}>
              {shortWait(waits)}
              <span className="visually-hidden"> waiting</span>
            </span>
          )}
          <time dateTime={conversation.last_activity_at}>{time}</time>
        </div>
        <div className={s.rowBottom}>
          {typing ? (
            <span className={s.typing}>typing…</span>
          ) : (
            <span className={s.preview}>
              {last?.direction === 'out' && last.status && <Ticks status={last.status} />}
              <span>
                {preview.prefix && `${preview.prefix} `}
                {preview.kind && <i>{preview.kind} </i>}
                {preview.text}
              </span>
            </span>
          )}
          {conversation.snoozed_until && (
            <span className={s.snoozed} title={`Snoozed until ${fullTime(conversation.snoozed_until)}`}>
              {upcoming(conversation.snoozed_until, now)}
            </span>
          )}
          {conversation.woke_at && (
            <span className={s.woken} title={`Snoozed until ${fullTime(conversation.woke_at)}`}>
              <IconAlarm size={15} stroke={1.9} aria-label="back from snooze" />
            </span>
          )}
          {closing !== null && (
            <span className={s.closing} title={`The reply window closes in ${remaining(closing)}`}>
              {shortLeft(closing)}
            </span>
          )}
          <SlaMark sla={conversation.sla} now={now} />
          <RowViewers conversationId={conversation.id} />
          {team && (
            <span className={s.team} style={{ '--hue': hueOf(team) } as CSSProperties} title={`Team: ${team}`}>
              <span className="visually-hidden">Team </span>
              {team}
            </span>
          )}
          {assignee && (
            <span className={s.assignee} title={`Assigned to ${assignee.name}`}>
              <Avatar name={assignee.name} hue={assignee.avatar_hue} size={20} />
            </span>
          )}
          {unread > 0 && (
            <span className={s.unread}>
              {unread > 99 ? '99+' : unread}
              <span className="visually-hidden"> unread</span>
            </span>
          )}
        </div>
      </div>
    </div>
  )
})

/** A team's name has the same colour everywhere and always. */
function hueOf(name: string): number {
  let hash = 0
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 360
  return hash
}

/** Milliseconds since the first message that nobody answered, once that is worth a word. */
function waitingFor({ state, waiting_since: since }: Conversation, now: number): number | null {
  if (!since || (state !== 'open' && state !== 'pending')) return null
  const waits = now - Date.parse(since)
  return waits >= WORTH_SAYING_MS ? waits : null
}

function shortWait(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return `${minutes}m`
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)}h` : `${Math.floor(minutes / 1440)}d`
}

/** Milliseconds until the reply window closes, when that is soon. */
function windowLeft({ state, reach }: Conversation, now: number): number | null {
  const closesAt = reach[0]?.window_closes_at
  if (!closesAt || state === 'closed') return null
  const left = Date.parse(closesAt) - now
  return left > 0 && left < WINDOW_WARNING_MS ? left : null
}

function shortLeft(ms: number): string {
  const minutes = Math.max(1, Math.floor(ms / 60_000))
  return minutes < 60 ? `${minutes}m left` : `${Math.floor(minutes / 60)}h left`
}
