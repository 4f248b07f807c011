/** Reading and changing tickets. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { ApiError, api, query } from '../lib/api'
import { queryClient } from '../lib/query'
import { Cell } from '../lib/store'
import { toastError } from '../lib/toast'
import type { Changed, EditTicket, Entry, NewTicket, Page, Ticket, TicketForms, TicketRow, TicketStatus } from '../lib/types'
import type { Tone } from '../ui/Badge'

export const STATUSES: Record<TicketStatus, string> = {
  new: 'New',
  open: 'Open',
  waiting_customer: 'Waiting on customer',
  waiting_third_party: 'Waiting on third party',
  solved: 'Solved',
  closed: 'Closed',
}

export const STATUS_TONES: Record<TicketStatus, Tone> = {
  new: 'accent',
  open: 'accent',
  waiting_customer: 'warn',
  waiting_third_party: 'warn',
  solved: 'ok',
  closed: 'neutral',
}

export const PRIORITIES: Record<TicketRow['priority'], string> = { urgent: 'Urgent', high: 'High', normal: 'Normal', low: 'Low' }
export const TYPES: Record<TicketRow['type'], string> = {
  question: 'Question',
  problem: 'Problem',
  incident: 'Incident',
  task: 'Task',
  request: 'Request',
}

/** The options of a choice, in the order of the record. */
export function options(labels: Record<string, string>): { value: string; label: string }[] {
  return Object.entries(labels).map(([value, label]) => ({ value, label }))
}

export function ticketQuery(id: string) {
  return queryOptions({
    queryKey: ['ticket', id],
    queryFn: ({ signal }) => api.get<Ticket>(`/tickets/${id}`, signal).then((read) => withPending(newer(read))),
  })
}

export function activityQuery(id: string) {
  return queryOptions({
    queryKey: ['ticket', id, 'activity'],
    queryFn: ({ signal }) => api.get<{ entries: Entry[] }>(`/tickets/${id}/activity`, signal).then((answer) => answer.entries),
  })
}

export const formsQuery = queryOptions({
  queryKey: ['ticket-forms'],
  queryFn: ({ signal }) => api.get<TicketForms>('/ticket-forms', signal),
})

export function useForms(): TicketForms | undefined {
  return useQuery(formsQuery).data
}

export function contactTicketsQuery(contactId: string) {
  return queryOptions({
    queryKey: ['tickets', 'contact', contactId],
    queryFn: ({ signal }) =>
      api
        .get<Page<TicketRow>>(`/tickets${query({ view: 'all', contact_id: contactId, limit: 20 })}`, signal)
        .then((page) => page.items),
  })
}

export async function createTicket(ticket: NewTicket, key: string): Promise<Ticket> {
  const made = await api.post<Ticket>('/tickets', ticket, key)
  keep(made)
  void queryClient.invalidateQueries({ queryKey: ['tickets'] })
  return made
}

/** A change that a colleague's change stood against: what they did, and what one wanted. */
export interface Refused {
  ticketId: string
  changed: Changed[]
  wanted: EditTicket
}

export const refused = new Cell<Refused | null>(null)

/** Changes on their way to the server. A ticket that is read meanwhile was perhaps read before they arrived. */
const pending = new Set<{ id: string; change: EditTicket }>()

function withPending(ticket: Ticket): Ticket {
  let shown = ticket
  for (const { id, change } of pending) {
    if (id === ticket.id) shown = { ...shown, ...change, fields: { ...shown.fields, ...change.fields }, revision: ticket.revision } as Ticket
  }
  return shown
}

/** Shown at once, taken back when the server refuses; true when it was stored. */
export async function changeTicket(ticket: Ticket, change: EditTicket): Promise<boolean> {
  const { queryKey } = ticketQuery(ticket.id)
  const sent = { id: ticket.id, change }
  pending.add(sent)
  queryClient.setQueryData(queryKey, withPending(ticket))
  try {
    const stored = await api.patch<Ticket>(`/tickets/${ticket.id}`, { revision: ticket.revision, ...change })
    pending.delete(sent)
    keep(stored)
    refreshAround(ticket.id)
    return true
  } catch (error) {
    pending.delete(sent)
    queryClient.setQueryData(queryKey, ticket)
    if (error instanceof ApiError && error.code === 'changed_meanwhile') {
      refused.set({ ticketId: ticket.id, changed: error.problem.changed ?? [], wanted: change })
      void queryClient.invalidateQueries({ queryKey })
    } else {
      toastError('The ticket was not changed', error)
    }
    return false
  }
}

/** Links, merging and the like: the server's answer is what is shown. */
export async function act(id: string, what: string, request: () => Promise<Ticket>): Promise<Ticket | null> {
  try {
    const answer = await request()
    keep(answer)
    refreshAround(id)
    if (answer.id !== id) void queryClient.invalidateQueries({ queryKey: ['ticket', id] })
    return answer
  } catch (error) {
    toastError(what, error)
    return null
  }
}

function keep(ticket: Ticket): void {
  queryClient.setQueryData(ticketQuery(ticket.id).queryKey, withPending(newer(ticket)))
}

/** The ticket, unless a later state of it is known. */
function newer(ticket: Ticket): Ticket {
  const known = queryClient.getQueryData(ticketQuery(ticket.id).queryKey)
  return known && known.revision > ticket.revision ? known : ticket
}

function refreshAround(id: string): void {
  void queryClient.invalidateQueries({ queryKey: ['ticket', id, 'activity'] })
  void queryClient.invalidateQueries({ queryKey: ['tickets'] })
}

/** A comment, or a line of its history. */
export function ticketTouched(id: string): void {
  void queryClient.invalidateQueries({ queryKey: ['ticket', id, 'activity'] })
}

/** A colleague (or Parley itself) changed it. */
export function ticketChanged(id: string): void {
  void queryClient.invalidateQueries({ queryKey: ['ticket', id] })
  void queryClient.invalidateQueries({ queryKey: ['tickets'] })
}

/** What a colleague changed, in words. */
export function facetLabel(facet: string, forms: TicketForms | undefined): string {
  if (facet.startsWith('fields.')) {
    const key = facet.slice('fields.'.length)
    return forms?.fields?.find((field) => field.key === key)?.label ?? key
  }
  return FACETS[facet] ?? facet
}

const FACETS: Record<string, string> = {
  title: 'title',
  description: 'description',
  type: 'type',
  category_id: 'category',
  priority: 'priority',
  status: 'status',
  owner_id: 'owner',
  team_id: 'team',
  tags: 'tags',
  checklist: 'checklist',
}

/** The value of a facet as people read it. */
export function valueLabel(facet: string, value: unknown, forms: TicketForms | undefined, members: { id: string; name: string }[]): string {
  if (value === null || value === undefined || value === '') return 'nothing'
  if (Array.isArray(value)) return value.map(String).join(', ') || 'nothing'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'object') return JSON.stringify(value)
  const text = String(value as string | number)
  switch (facet) {
    case 'status':
      return STATUSES[text as TicketStatus] ?? text
    case 'priority':
      return PRIORITIES[text as TicketRow['priority']] ?? text
    case 'type':
      return TYPES[text as TicketRow['type']] ?? text
    case 'category_id':
      return forms?.categories?.find((category) => category.id === text)?.name ?? text
    case 'owner_id':
      return members.find((member) => member.id === text)?.name ?? 'a former colleague'
    default:
      return text
  }
}
