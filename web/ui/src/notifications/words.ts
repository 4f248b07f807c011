/** What a notification says, wherever it is shown: in the bell, by the page, and by the service worker. */
import type { Notification } from '../lib/types'

export interface News extends Partial<Omit<Notification, 'kind'>> {
  /** `message`: a customer wrote in a conversation of mine; `test`: asked for in the settings. */
  kind?: Notification['kind'] | 'message' | 'test'
}

/** Ama mentioned you · Rosa Mensah */
export function sentenceOf({ kind, by_name: by, contact_name: contact }: News): string {
  const who = by ?? 'Somebody'
  if (kind === 'test') return 'Pushes reach this device'
  if (kind === 'mention') return `${who} mentioned you · ${contact}`
  if (kind === 'assigned') return by ? `${who} gave you a conversation · ${contact}` : `A conversation was given to you · ${contact}`
  if (kind === 'woken') return `Back from snooze · ${contact}`
  if (kind === 'unhappy') return `A low score from ${contact}`
  if (kind === 'deferred') return `Your message to ${contact} waits for you`
  if (kind === 'attention') return contact ?? 'This needs you'
  if (!contact) return 'Something new in Parley'
  return by && by !== contact ? `${by} in ${contact}` : `${contact} wrote`
}

/** Where it leads. */
export function pathOf({ ticket_id: ticket, conversation_id: conversation, path, kind }: News): string {
  if (kind === 'test') return '/settings/notifications'
  // A path of ours alone: what comes with a push is data.
  if (path && /^\/[a-z]/.test(path)) return path
  if (ticket) return `/tickets/${encodeURIComponent(ticket)}`
  return conversation ? `/inbox/${encodeURIComponent(conversation)}` : '/inbox'
}
