/** What an agent does to a conversation or a message: shown at once, taken back with a word when the server refuses. */
import { ApiError, api } from '../lib/api'
import { fullTime } from '../lib/format'
import { currentMe } from '../lib/session'
import { toast, toastError, toastRefusal } from '../lib/toast'
import { done } from '../lib/undo'
import type { Conversation, Entry, HandOver, Priority } from '../lib/types'
import { asksWhy, closingWith, type ClosingNote } from './closing/closing'
import { whatChanged } from './changed'
import { conversationsChanged, getConversation, patchConversation, putConversation } from './conversations'
import { refreshCounts } from './counts'
import { currentList, placeInLists } from './list/lists'
import { isUnsent, resendUnsent } from './outbox'
import { active, keptUnread, open } from './selection'
import { applyEntries, patchEntry } from './thread/threads'

export function assign(id: string, memberId: string | null): void {
  const before = getConversation(id)?.assignee_id ?? null
  if (before === memberId) return
  const assigned = change(id, { assignee_id: memberId }, 'Not assigned', 'assign', { member_id: memberId })
  done(memberId ? 'Assigned' : 'No longer assigned', () => {
    void takeBack(assigned, { assignee_id: before }, 'Not assigned back', 'assign', { member_id: before })
  })
}

/** Tags are added and taken off one by one, so two colleagues never undo each other's. */
export function retag(id: string, { add = [], remove = [] }: { add?: string[]; remove?: string[] }): void {
  const before = getConversation(id)?.tags ?? []
  const tags = [...before.filter((tag) => !remove.includes(tag)), ...add.filter((tag) => !before.includes(tag))]
  void change(id, { tags }, 'Tags not changed', 'tags', { add, remove }, null)
}

export function prioritise(id: string, priority: Priority): void {
  const known = getConversation(id)
  if (!known || known.priority === priority) return
  const { priority: before } = known
  const changed = change(id, { priority }, 'Priority not changed', 'priority', { priority })
  done('Priority changed', () => {
    void takeBack(changed, { priority: before }, 'Not changed back', 'priority', { priority: before })
  })
}

/** To a team's queue; who had it has it no longer. */
export function moveToTeam(id: string, teamId: string): void {
  const before = getConversation(id)
  if (!before || before.team_id === teamId) return
  const wanted = (team: string | null, member: string | null) => ({ client_id: crypto.randomUUID(), team_id: team, member_id: member })
  const moved = change(id, { team_id: teamId, assignee_id: null }, 'Not moved', 'hand-over', wanted(teamId, null))
  done('Moved to the team', () => {
    const { team_id: team, assignee_id: member } = before
    void takeBack(moved, { team_id: team, assignee_id: member }, 'Not moved back', 'hand-over', wanted(team, member))
  })
}

/** With a note. Raises what the server says, for the dialog to show. */
export async function handOver(conversation: Conversation, wanted: HandOver): Promise<void> {
  putConversation(
    await api.post<Conversation>(`/conversations/${conversation.id}/hand-over`, { ...wanted, revision: conversation.revision }),
  )
  relist(conversation.id)
  refreshCounts()
  toast('Handed over.')
}

/** Close, and go on as one works through a queue; asks why first where the workspace wants to know. */
export function close(id: string, note?: ClosingNote): void {
  if (!note && asksWhy()) {
    closingWith.set(id)
    return
  }
  goOn(id)
  const closed = change(id, { state: 'closed' }, 'Not closed', 'close', { ...note })
  done(`Conversation with ${nameOf(id)} closed`, () => {
    open(id)
    void takeBack(closed, { state: 'open' }, 'Not reopened', 'reopen', { undo: true })
  })
}

export function reopen(id: string): void {
  void change(id, { state: 'open', snoozed_until: null }, 'Not reopened', 'reopen', {})
}

/** Until then, or (null) until the customer writes. */
export function snooze(id: string, until: Date | null): void {
  goOn(id)
  const at = until?.toISOString() ?? null
  const patch = { state: 'snoozed', snoozed_until: at, woke_at: null } as const
  const snoozed = change(id, patch, 'Not snoozed', 'snooze', { until: at })
  done(at ? `${nameOf(id)} snoozed until ${fullTime(at)}` : `${nameOf(id)} snoozed until they reply`, () => {
    open(id)
    void takeBack(snoozed, { state: 'open', snoozed_until: null }, 'Not woken', 'reopen', {})
  })
}

/** After closing or snoozing the open conversation: the next one, this one, or the list, as the member chose. */
function goOn(id: string): void {
  if (active.get() !== id) return
  const choice = currentMe()?.member.preferences?.after_closing ?? 'next'
  if (choice === 'next') open(neighbour(id))
  else if (choice === 'list') open(null)
}

function nameOf(id: string): string {
  return getConversation(id)?.contact.name ?? 'this contact'
}

/** For oneself, from a message of the customer on, or the newest one. */
export function markUnread(id: string, since?: number): void {
  keptUnread.add(id)
  const unread = Math.max(1, getConversation(id)?.unread ?? 0)
  void change(id, { unread }, 'Not marked unread', 'unread', { since: since ?? null }, null)
}

export function markRead(id: string, upTo: number): void {
  if (keptUnread.has(id) || !currentMe()?.permissions.includes('inbox.reply')) return
  void change(id, { unread: 0 }, null, 'read', { up_to: upTo }, null)
}

export async function react(entry: Entry, emoji: string): Promise<void> {
  const me = currentMe()?.member
  if (!me) return
  // Providers keep one of ours: it takes the place of a colleague's.
  const others = entry.reactions.filter((reaction) => reaction.by === 'contact')
  const mine = emoji ? [{ by: me.id, name: me.name, emoji }] : []
  const undo = patchEntry(entry, { reactions: [...others, ...mine] })
  try {
    confirm(await api.post<Entry>(`/entries/${entry.id}/reaction`, { emoji }))
  } catch (error) {
    undo()
    toastError('The reaction was not sent', error)
  }
}

export async function resend(entry: Entry): Promise<void> {
  if (isUnsent(entry)) {
    resendUnsent(entry.client_id ?? '')
    return
  }
  const undo = patchEntry(entry, { status: 'queued', error: null })
  try {
    confirm(await api.post<Entry>(`/entries/${entry.id}/resend`, undefined, `resend-${entry.id}-${entry.revision}`))
  } catch (error) {
    undo()
    toastError('Not sent again', error)
  }
}

/** Ask the provider once more for a file that could not be fetched. */
export async function refetchMedia(entryId: string): Promise<void> {
  try {
    await api.post(`/entries/${entryId}/refetch`)
    toast('Fetching the file again')
  } catch (error) {
    toastError('The file was not fetched', error)
  }
}

/** The conversation after this one in the list, or before it at the end. */
export function neighbour(id: string): string | null {
  const { ids } = currentList()
  const at = ids.indexOf(id)
  return at < 0 ? null : (ids[at + 1] ?? ids[at - 1] ?? null)
}

/**
 * The conversation as the server has it afterwards; null if nothing came of it. `revision` is what this screen showed: the
 * server refuses to change what a colleague has changed since. Null where two never stand in each other's way.
 */
async function change(
  id: string,
  patch: Partial<Conversation>,
  failure: string | null,
  act: string,
  body: Record<string, unknown>,
  revision: number | null = getConversation(id)?.revision ?? null,
): Promise<Conversation | null> {
  const undo = patchConversation(id, patch)
  relist(id)
  let after: Conversation | null = null
  try {
    after = (await api.post<Conversation | undefined>(`/conversations/${id}/${act}`, { ...body, ...(revision !== null && { revision }) })) ?? null
    if (after) putConversation(after)
    refreshCounts()
  } catch (error) {
    undo()
    const [changed] = error instanceof ApiError && error.code === 'changed_meanwhile' ? (error.problem.changed ?? []) : []
    if (changed) {
      toastRefusal(failure ?? 'Not changed', whatChanged(changed))
      void reread(id)
    } else if (failure) {
      toastError(failure, error)
    }
  }
  relist(id)
  return after
}

/** Undo of what has been done, and of nothing else: what a colleague made of it meanwhile stays. */
async function takeBack(
  doing: Promise<Conversation | null>,
  patch: Partial<Conversation>,
  failure: string,
  act: string,
  body: Record<string, unknown>,
): Promise<void> {
  const after = await doing
  if (after) await change(after.id, patch, failure, act, body, after.revision)
}

async function reread(id: string): Promise<void> {
  putConversation(await api.get<Conversation>(`/conversations/${id}`))
  relist(id)
}

function relist(id: string): void {
  const conversation = getConversation(id)
  if (conversation) placeInLists([conversation], true)
  else conversationsChanged()
}

function confirm(entry: Entry): void {
  if (entry.conversation_id) applyEntries(entry.conversation_id, [entry])
}
