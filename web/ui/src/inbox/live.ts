/** Applies events to the inbox: conversations, threads, lists, presence, notifications; one batch, one redraw. */
import { ApiError, api } from '../lib/api'
import type { LiveEvent } from '../lib/live'
import { announce } from '../lib/notify'
import { currentMe } from '../lib/session'
import { toast } from '../lib/toast'
import type { Conversation, Entry } from '../lib/types'
import { conversationsChanged, dropConversation, getConversation, putConversation } from './conversations'
import { refreshCounts } from './counts'
import { placeInLists, refreshLists, removeFromLists } from './list/lists'
import { settle } from './outbox'
import { applyPresence, applyTyping, applyViewing, stopTyping } from './presence'
import { active, open } from './selection'
import { previewOf } from './summary'
import { applyEntries, forgetThread, refreshThreads, rereadThread } from './thread/threads'

export { retryUnsent } from './outbox'

export function applyInboxEvents(batch: LiveEvent[]): void {
  const changed = new Map<string, Conversation>()
  const entries = new Map<string, Entry[]>()
  for (const event of batch) {
    switch (event.type) {
      case 'entry':
        take(event.data.conversation ?? moved(event.data.entry), changed)
        collect(event.data.entry, entries)
        if (event.data.conversation) notice(event.data.entry, event.data.conversation)
        break
      case 'conversation':
        take(event.data, changed)
        break
      case 'gone':
        changed.delete(event.data.conversation_id)
        entries.delete(event.data.conversation_id)
        drop(event.data.conversation_id)
        break
      case 'typing':
        applyTyping(event)
        break
      case 'presence':
        applyPresence(event)
        break
      case 'viewing':
      case 'viewers':
        applyViewing(event)
        break
    }
  }
  for (const [id, incoming] of entries) applyEntries(id, incoming)
  settle([...entries.values()].flat().flatMap((entry) => entry.client_id ?? []))
  if (changed.size > 0) {
    placeInLists([...changed.values()])
    refreshCounts()
  }
}

/** Events were missed that cannot be replayed. */
export function reloadInbox(): void {
  refreshCounts()
  refreshLists()
  refreshThreads(active.get())
  const shown = active.get()
  if (shown) void lookAgain(shown)
}

/** The open conversation may have left this person's sight unheard. */
async function lookAgain(id: string): Promise<void> {
  try {
    if (putConversation(await api.get<Conversation>(`/conversations/${id}`))) conversationsChanged()
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) drop(id)
  }
}

/** It is no longer one that this person sees: nothing of it stays. */
function drop(id: string): void {
  const name = getConversation(id)?.contact.name
  if (active.get() === id) {
    open(null)
    toast(name ? `The conversation with ${name} went where you do not see it.` : 'This conversation went where you do not see it.')
  }
  dropConversation(id)
  forgetThread(id)
  removeFromLists([id])
  refreshCounts()
}

/** Ticks of messages that no row shows as its newest yet: a provider may be faster than the word that there is one. */
const ahead = new Map<string, Entry['status']>()
const MOST_AHEAD = 200

/** A tick moved and nothing else: the row that shows this message as its newest, with the new tick. */
function moved(entry: Entry): Conversation | null {
  const known = entry.conversation_id ? getConversation(entry.conversation_id) : undefined
  if (known?.last_entry?.id !== entry.id) {
    ahead.set(entry.id, entry.status)
    if (ahead.size > MOST_AHEAD) ahead.delete(ahead.keys().next().value ?? '')
    return null
  }
  if (known.last_entry.status === entry.status) return null
  return { ...known, last_entry: { ...known.last_entry, status: entry.status } }
}

/** With the tick that came before it. */
function caughtUp(conversation: Conversation): Conversation {
  const newest = conversation.last_entry
  const status = newest ? ahead.get(newest.id) : undefined
  if (!newest || status === undefined) return conversation
  ahead.delete(newest.id)
  return { ...conversation, last_entry: { ...newest, status } }
}

function take(told: Conversation | null, changed: Map<string, Conversation>): void {
  if (!told) return
  const conversation = caughtUp(told)
  const before = getConversation(conversation.id)
  if (!putConversation(conversation)) return
  changed.set(conversation.id, conversation)
  if (before && whereRead(before) !== whereRead(conversation)) rereadThread(conversation.id, conversation.id === active.get())
  if (conversation.merged_into && conversation.id === active.get()) open(conversation.merged_into)
}

/** What of a conversation changes where its entries are read. */
const whereRead = ({ merged_into: into, absorbed }: Conversation) => [into, ...absorbed].join(' ')

/** The conversation in which an entry is read: that of a contact that was merged is a part of another. */
function home(entry: Entry): string | null {
  const known = entry.conversation_id ? getConversation(entry.conversation_id) : undefined
  return known?.merged_into ?? entry.conversation_id
}

function collect(entry: Entry, entries: Map<string, Entry[]>): void {
  const id = home(entry)
  if (!id) return
  const list = entries.get(id)
  if (list) list.push(entry)
  else entries.set(id, [entry])
}

/** Sound and notification for what a customer wrote to me or to nobody, unless I am looking at it. */
function notice(entry: Entry, conversation: Conversation): void {
  if (entry.kind !== 'message' || entry.direction !== 'in' || entry.id !== conversation.last_entry?.id) return
  stopTyping(conversation.id, 'contact')
  // A later revision is an edit or a reaction, and media that became ready.
  if (entry.revision > 1) return
  const me = currentMe()?.member
  if (conversation.state === 'closed') return
  if (!me || (conversation.assignee_id !== null && conversation.assignee_id !== me.id)) return
  if (conversation.id === active.get() && document.hasFocus()) return
  const known = getConversation(conversation.id) ?? conversation
  const { kind, text } = previewOf(known.last_entry, me.name)
  announce(known.contact.name, [kind, text].filter(Boolean).join(': '), conversation.id, () => open(conversation.id))
}
