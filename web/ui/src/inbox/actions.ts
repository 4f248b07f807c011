/** What an agent does to a conversation or a message: shown at once, taken back with a word when the server refuses. */
import { ApiError, api } from '../lib/api'
import { fullTime } from '../lib/format'
import { currentMe } from '../lib/session'
import { toast, toastError } from '../lib/toast'
import { done } from '../lib/undo'
import type { Conversation, Entry, HandOver, Priority } from '../lib/types'
import { asksWhy, closingWith, type ClosingNote } from './closing/closing'
import { conversationsChanged, getConversation, patchConversation, putConversation } from './conversations'
import { refreshCounts } from './counts'
import { currentList, placeInLists } from './list/lists'
import { isUnsent, resendUnsent } from './outbox'
import { active, keptUnread, open } from './selection'
import { applyEntries, patchEntry } from './thread/threads'

export function assign(id: string, memberId: string | null): void {
  const before = getConversation(id)?.assignee_id ?? null
  if (before === memberId) return
  const revision = getConversation(id)?.revision ?? null
  void change(id, { assignee_id: memberId }, 'Not assigned', () =>
    api.post(`/conversations/${id}/assign`, { member_id: memberId, revision }),
  )
  done(memberId ? 'Assigned' : 'No longer assigned', () => {
    void change(id, { assignee_id: before }, 'Not assigned back', () =>
      api.post(`/conversations/${id}/assign`, { member_id: before }),
    )
  })
}

/** Tags are added and taken off one by one, so two colleagues never undo each other's. */
export function retag(id: string, { add = [], remove = [] }: { add?: string[]; remove?: string[] }): void {
  const before = getConversation(id)?.tags ?? []
  const tags = [...before.filter((tag) => !remove.includes(tag)), ...add.filter((tag) => !before.includes(tag))]
  void change(id, { tags }, 'Tags not changed', () => api.post(`/conversations/${id}/tags`, { add, remove }))
}

export function prioritise(id: string, priority: Priority): void {
  const known = getConversation(id)
  if (!known || known.priority === priority) return
  const { priority: before, revision } = known
  const changed = change(id, { priority }, 'Priority not changed', () => api.post(`/conversations/${id}/priority`, { priority, revision }))
  done('Priority changed', () => {
    void changed.then(() => change(id, { priority: before }, 'Not changed back', () => api.post(`/conversations/${id}/priority`, { priority: before })))
  })
}

/** To a team's queue; who had it has it no longer. */
export function moveToTeam(id: string, teamId: string): void {
  const before = getConversation(id)
  if (!before || before.team_id === teamId) return
  const post = (team: string | null, member: string | null) =>
    api.post<Conversation>(`/conversations/${id}/hand-over`, { client_id: crypto.randomUUID(), team_id: team, member_id: member })
  void change(id, { team_id: teamId, assignee_id: null }, 'Not moved', () => post(teamId, null))
  done('Moved to the team', () => {
    const { team_id: team, assignee_id: member } = before
    void change(id, { team_id: team, assignee_id: member }, 'Not moved back', () => post(team, member))
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
  const closed = change(id, { state: 'closed' }, 'Not closed', () => api.post(`/conversations/${id}/close`, note ?? {}))
  done(`Conversation with ${nameOf(id)} closed`, () => {
    open(id)
    // Only what is closed can be taken back.
    void closed.then(() => change(id, { state: 'open' }, 'Not reopened', () => api.post(`/conversations/${id}/reopen`, { undo: true })))
  })
}

export function reopen(id: string): void {
  void change(id, { state: 'open', snoozed_until: null }, 'Not reopened', () => api.post(`/conversations/${id}/reopen`))
}

/** Until then, or (null) until the customer writes. */
export function snooze(id: string, until: Date | null): void {
  goOn(id)
  const at = until?.toISOString() ?? null
  const patch = { state: 'snoozed', snoozed_until: at, woke_at: null } as const
  const snoozed = change(id, patch, 'Not snoozed', () => api.post(`/conversations/${id}/snooze`, { until: at }))
  done(at ? `${nameOf(id)} snoozed until ${fullTime(at)}` : `${nameOf(id)} snoozed until they reply`, () => {
    open(id)
    void snoozed.then(() => reopen(id))
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

export function markUnread(id: string): void {
  keptUnread.add(id)
  void change(id, { unread: 1 }, 'Not marked unread', () => api.post(`/conversations/${id}/unread`))
}

export function markRead(id: string, upTo: number): void {
  if (keptUnread.has(id) || !currentMe()?.permissions.includes('inbox.reply')) return
  void change(id, { unread: 0 }, null, () => api.post(`/conversations/${id}/read`, { up_to: upTo }))
}

export async function react(entry: Entry, emoji: string): Promise<void> {
  const me = currentMe()?.member
  if (!me) return
  const others = entry.reactions.filter((reaction) => reaction.by !== me.id)
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

async function change(
  id: string,
  patch: Partial<Conversation>,
  failure: string | null,
  request: () => Promise<Conversation | undefined>,
): Promise<void> {
  const undo = patchConversation(id, patch)
  relist(id)
  try {
    const answer = await request()
    if (answer) putConversation(answer)
    refreshCounts()
  } catch (error) {
    undo()
    if (failure) toastError(failure, error)
    // A colleague was faster: what they made of it is shown.
    if (error instanceof ApiError && error.code === 'changed_meanwhile') void reread(id)
  }
  relist(id)
}

async function reread(id: string): Promise<void> {
  putConversation(await api.get<Conversation>(`/conversations/${id}`))
  relist(id)
}

function relist(id: string): void {
  const conversation = getConversation(id)
  if (conversation) placeInLists([conversation])
  else conversationsChanged()
}

function confirm(entry: Entry): void {
  if (entry.conversation_id) applyEntries(entry.conversation_id, [entry])
}
