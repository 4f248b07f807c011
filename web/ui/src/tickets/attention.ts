/** Somebody is asked to look at something: told to whom it concerns, also while they look elsewhere. */
import { announce } from '../lib/notify'
import { currentMe } from '../lib/session'
import { toast } from '../lib/toast'
import type { Attention } from '../lib/types'

const REASONS: Record<string, string> = {
  ticket_flagged: 'has been unresolved for too long',
}

export function noticeAttention(attention: Attention): void {
  const me = currentMe()?.member
  if (!me || !attention.member_ids.includes(me.id)) return
  const what = attention.number ? `Ticket #${attention.number}` : (attention.title ?? 'A conversation')
  const why = REASONS[attention.reason] ?? attention.reason
  toast(`${what} ${why}`)
  const path = attention.ticket_id ? `/tickets/${attention.ticket_id}` : `/inbox/${attention.conversation_id ?? ''}`
  announce(what, why, path, () => location.assign(path))
}
