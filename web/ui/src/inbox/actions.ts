/** What an agent does to a conversation or a message: shown at once, taken back with a word when the server refuses. */
import { api } from '../lib/api'
import { currentMe } from '../lib/session'
import { toast, toastError } from '../lib/toast'
import type { Conversation, Entry } from '../lib/types'
import { conversationsChanged, getConversation, patchConversation, putConversation } from './conversations'
import { refreshCounts } from './counts'
import { currentList, placeInLists } from './list/lists'
import { isUnsent, resendUnsent } from './outbox'
import { active, keptUnread, open } from './selection'
import { applyEntries, patchEntry } from './thread/threads'

export function assign(id: string, memberId: string | null): void {
  void change(id, { assignee_id: memberId }, 'Not assigned', () => api.post(`/conversations/${id}/assign`, { member_id: memberId }))
}

/** Close and go on to the next one in the list, as one works through a queue. */
export function close(id: string): void {
  if (active.get() === id) open(neighbour(id))
  void change(id, { state: 'closed' }, 'Not closed', () => api.post(`/conversations/${id}/close`))
  toast(`Conversation with ${getConversation(id)?.contact.name ?? 'this contact'} closed`)
}

export function reopen(id: string): void {
  void change(id, { state: 'open' }, 'Not reopened', () => api.post(`/conversations/${id}/reopen`))
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
  }
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
