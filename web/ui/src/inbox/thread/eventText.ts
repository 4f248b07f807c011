/** Events of a conversation in words. */
import { fullTime, languageName } from '../../lib/format'
import type { Entry, EntryEvent } from '../../lib/types'
import { slaEventText } from '../../sla/sla'
import { ticketEventText } from '../../tickets/eventText'
import { channelLabel } from '../../ui/ChannelIcon'

export function eventText(entry: Entry): string {
  if (entry.kind === 'tombstone') return 'This entry was erased'
  if (entry.status === 'cancelled') return `${entry.author?.name ?? 'Somebody'} took back a message before it was sent`
  const event = entry.event
  if (!event) return 'Something happened here'
  if (event.name.startsWith('ticket_')) return `Ticket #${text(event.number) ?? Number(event.number)}: ${ticketEventText(entry, undefined, [])}`
  if (event.name.startsWith('sla_')) return slaEventText(event)
  const who = actor(entry, event)
  switch (event.name) {
    case 'chat_started':
      return `${entry.author.name ?? 'The customer'} started the chat`
    case 'contact_merged':
      return `${who ?? 'Somebody'} merged ${text(event.from_name)} into this contact`
    case 'contact_absorbed':
      return `${who ?? 'Somebody'} merged this contact into ${text(event.into_name)}`
    case 'contact_parted':
      return `${who ?? 'Somebody'} undid the merge with ${text(event.from_name)}`
    case 'contact_restored':
      return `${who ?? 'Somebody'} parted this contact from ${text(event.into_name)} again`
    case 'conversation_opened':
      return 'Conversation started'
    case 'conversation_assigned': {
      const assignee = text(event.assignee_name) ?? text(event.member_name)
      if (!assignee) return who ? `${who} removed the assignment` : 'No longer assigned'
      if (who === assignee) return `${who} took the conversation`
      return who ? `${who} assigned it to ${assignee}` : `Assigned to ${assignee}`
    }
    case 'conversation_routed':
      return `Given to ${text(event.member_name) ?? 'an agent'} of ${text(event.team_name) ?? 'the team'}`
    case 'conversation_returned':
      return `Back in the queue: ${text(event.member_name) ?? 'the agent'} is ${text(event.reason) ?? 'away'}`
    case 'conversation_overflowed': {
      const why = event.reason === 'closed' ? `${text(event.from)} is closed` : `waited too long for ${text(event.from)}`
      return `Moved to ${text(event.team_name)}: ${why}`
    }
    case 'conversation_sorted': {
      const what = [text(event.team_name), event.priority && `${text(event.priority)} priority`, Array.isArray(event.skills) && event.skills.join(', ')]
      return `Sorted by the rule “${text(event.rule)}”: ${what.filter(Boolean).join(', ')}`
    }
    case 'conversation_moved': {
      const to = [text(event.member_name), text(event.team_name)].filter(Boolean).join(', ') || 'nobody'
      return who ? `${who} handed it over to ${to}` : `Moved to ${to}`
    }
    case 'conversation_unassigned':
      return who ? `${who} removed the assignment` : 'No longer assigned'
    case 'conversation_closed':
      return [who ? `${who} closed the conversation` : 'Conversation closed', text(event.reason), text(event.comment)]
        .filter(Boolean)
        .join(' · ')
    case 'conversation_translated': {
      const into = text(event.into)
      return into ? `${who ?? 'Somebody'} has it translated into ${languageName(into)}` : `${who ?? 'Somebody'} ended the translation`
    }
    case 'conversation_reopened':
      if (event.reason === 'low_score') return 'Reopened: the customer was not happy'
      return who ? `${who} reopened the conversation` : 'Conversation reopened'
    case 'conversation_resumed':
      return who ? `${who} took the closing back` : 'Closing taken back'
    case 'conversation_snoozed': {
      const until = text(event.until)
      const when = until ? `until ${fullTime(until)}` : 'until the customer replies'
      return who ? `${who} snoozed it ${when}` : `Snoozed ${when}`
    }
    case 'conversation_woken':
      if (event.reason === 'customer') return 'Woken by the customer'
      return event.reason === 'time' ? 'Back from snooze' : who ? `${who} ended the snooze` : 'No longer snoozed'
    case 'conversation_tagged': {
      const parts = [said('added', event.added), said('removed', event.removed)].filter(Boolean)
      return who ? `${who} ${parts.join(' and ')}` : parts.join(' and ')
    }
    case 'conversation_prioritised':
      return `${who ? `${who} set the priority` : 'Priority set'} to ${text(event.priority) ?? 'normal'}`
    case 'message_asks':
    case 'message_cancelled':
    case 'message_skipped':
    case 'message_expired':
      return deferredText(event)
    case 'conversation_kept_closed':
      return 'A word of thanks: not reopened'
    case 'survey_answered':
      return `${event.kind === 'nps' ? 'Would recommend us' : 'Satisfaction'}: ${String(event.score)} of ${event.kind === 'nps' ? 10 : 5}`
    case 'survey_commented':
      return 'And said why'
    case 'contact_blocked':
      return [who ? `${who} blocked this contact` : 'Contact blocked', text(event.reason), text(event.note)].filter(Boolean).join(' · ')
    case 'contact_unblocked':
      return who ? `${who} unblocked this contact` : 'Contact unblocked'
    case 'address_changed':
      return `Address changed from ${address(event.old)} to ${address(event.new)}`
    case 'doubt_raised':
      return `May be somebody else (${address(event.address)}): ${text(event.message) ?? ''}`
    case 'doubt_settled':
      return [`${who ?? 'Somebody'} made sure that it is them, ${text(event.ways) ?? ''}`, text(event.note)].filter(Boolean).join(' · ')
    case 'contact_split':
      return `${who ?? 'Somebody'} said that ${address(event.address)} is a new person's now: ${text(event.into_name) ?? ''}`
    case 'channel_continued':
      return `${who ?? 'Somebody'} continued on ${channelLabel(text(event.channel) ?? '')}, ${address(event.address)}`
    case 'channel_proved':
      return `Shown by a code: on ${channelLabel(text(event.channel) ?? '')} it is the same person`
    case 'channel_proved_elsewhere':
      return `Shown by a code, but that address on ${channelLabel(text(event.channel) ?? '')} is another contact's: the two may be one person`
    case 'channel_not_proved':
      return `The code came from ${address(event.address)}, not from ${address(event.expected)}: nothing was joined`
    case 'incident_linked':
      return `Added to the incident “${text(event.title) ?? ''}”`
    case 'incident_update_not_sent':
      return `The update on “${text(event.title) ?? ''}” was not sent: ${text(event.reason) ?? ''}`
    case 'contact_created':
      return 'First contact'
    default:
      return entry.kind === 'consent' ? consentText(event, entry) : sentence(event.name, who)
  }
}

const LIST = new Intl.ListFormat('en', { type: 'conjunction' })

/** “added the tags VIP and Refund” */
function said(what: string, names: unknown): string {
  if (!Array.isArray(names) || names.length === 0) return ''
  return `${what} the ${names.length === 1 ? 'tag' : 'tags'} ${LIST.format(names.map(String))}`
}

function consentText(event: EntryEvent, entry: Entry): string {
  const channel = channelLabel(text(event.channel) ?? entry.channel ?? '')
  const purposes = Array.isArray(event.purposes) ? event.purposes.filter((each) => typeof each === 'string') : []
  const purpose = purposes.length > 0 ? LIST.format(purposes) : (text(event.purpose) ?? 'service')
  const state = text(event.state) ?? event.name.replace(/^consent_/, '')
  const on = channel ? ` on ${channel}` : ''
  switch (state) {
    case 'granted':
      return `Agreed to ${purpose} messages${on}`
    case 'withdrawn':
      return `Withdrew consent to ${purpose} messages${on}`
    case 'blocked':
      return `Blocked ${purpose} messages${on}`
    case 'unblocked':
      return `Unblocked us${on}`
    case 'lifted':
      return `Took back the stop of ${purpose} messages${on}`
    case 'held':
      return `May have asked us to stop${on}: marketing is on hold until somebody settles it in the contact's consent`
    case 'released':
      return `Was not asking us to stop${by(entry)}`
    case 'asked':
      return `Was asked to confirm ${purpose} messages${on}`
    default:
      return sentence(event.name, null)
  }
}

const by = (entry: Entry): string => (entry.author?.type === 'member' ? `, says ${entry.author.name}` : '')

const BECAME: Record<string, string> = {
  message_asks: 'waits for a decision',
  message_cancelled: 'was cancelled',
  message_skipped: 'was not sent',
  message_expired: 'was not sent',
}

/** What became of a message for later. */
function deferredText(event: EntryEvent): string {
  const what = text(event.text) ? ` “${text(event.text)}”` : ''
  return `The message${what} for later ${BECAME[event.name] ?? ''}: ${text(event.reason) ?? 'no reason is known'}`
}

function actor(entry: Entry, event: EntryEvent): string | null {
  const by = event.by
  if (typeof by === 'object' && by !== null && 'name' in by && typeof by.name === 'string') return by.name
  return entry.author?.type === 'member' ? entry.author.name : null
}

function sentence(name: string, who: string | null): string {
  const words = name.replaceAll('_', ' ')
  const start = words.charAt(0).toUpperCase() + words.slice(1)
  return who ? `${start} by ${who}` : start
}

/** `whatsapp:+123` without its channel */
function address(value: unknown): string {
  return text(value)?.replace(/^\w+:/, '') ?? 'unknown'
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value ? value : null
}
