/** What happened to a ticket, in words. */
import type { Entry, Member, TicketForms, TicketStatus } from '../lib/types'
import { slaEventText } from '../sla/sla'
import { STATUSES, facetLabel, valueLabel } from './tickets'

interface Change {
  facet: string
  from: unknown
  to: unknown
}

export function ticketEventText(entry: Entry, forms: TicketForms | undefined, members: Pick<Member, 'id' | 'name'>[]): string {
  const event = (entry.event ?? {}) as Record<string, unknown>
  const who = entry.author.name ?? 'Parley'
  if (String(event.name).startsWith('sla_')) return slaEventText(event)
  const other = `#${String(event.other_number ?? event.into_number ?? event.parent_number ?? '')}`
  switch (event.name) {
    case 'ticket_created':
      return `${who} made the ticket`
    case 'ticket_changed':
      return changesText(who, (event.changes ?? []) as Change[], forms, members)
    case 'ticket_linked':
      return `${who} linked ${event.entry_id ? 'a message' : 'a conversation'}`
    case 'ticket_unlinked':
      return `${who} took a link away`
    case 'ticket_merged':
      return `${who} merged it into ${other}`
    case 'ticket_absorbed':
      return `${who} merged ${other} into it`
    case 'ticket_split':
      return `${who} split off ${other}`
    case 'ticket_related':
      return `${who} related it to ${other}`
    case 'ticket_unrelated':
      return `${who} took a relation away`
    case 'ticket_parent_changed':
      return event.parent_id ? `${who} made it a sub-task of ${other}` : `${who} made it a ticket of its own`
    case 'ticket_flagged':
      return 'Flagged: unresolved for too long'
    case 'ticket_update_not_sent':
      return `The customer was not told that it is ${STATUSES[event.status as TicketStatus].toLowerCase()}: ${String(event.reason)}`
    default:
      return String(event.name ?? 'Something happened').replaceAll('_', ' ')
  }
}

function changesText(who: string, changes: Change[], forms: TicketForms | undefined, members: Pick<Member, 'id' | 'name'>[]): string {
  const parts = changes.map(({ facet, to }) => {
    if (facet === 'description' || facet === 'checklist') return `the ${facetLabel(facet, forms)}`
    return `${facetLabel(facet, forms)} to ${valueLabel(facet, to, forms, members)}`
  })
  return `${who} changed ${parts.join(', ') || 'something'}`
}
