/**
 * The open conversation. It lives in a cell and reaches the address a moment later, because a run of J and K
 * must cost no work in the router.
 */
import { isPhone } from '../lib/media'
import { setViewing } from '../lib/live'
import { Cell } from '../lib/store'
import { loadThread, type Place } from './thread/threads'

const ADDRESS_AFTER_MS = 150

export const active = new Cell<string | null>(idInAddress())

/** Marked unread by hand while open: it stays so until it is opened again. */
export const keptUnread = new Set<string>()

let timer: number | undefined
/** on a phone: the page before this one is the list */
let listIsBefore = cameStraightIn()

/** A notification or a link opened this conversation as the first page: the list is put before it, to go back to. */
function cameStraightIn(): boolean {
  if (!isPhone() || !idInAddress() || history.length > 1) return false
  const here = location.pathname + location.search + location.hash
  history.replaceState(history.state, '', `/inbox${location.search}`)
  history.pushState(history.state, '', here)
  return true
}

export function open(id: string | null): void {
  if (id) keptUnread.delete(id)
  if (id === active.get()) return
  const from = active.get()
  active.set(id)
  setViewing(id)
  // Asked for before it is drawn: the answer is on its way meanwhile.
  if (id) void loadThread(id)
  clearTimeout(timer)
  // On a phone the list and the conversation are two pages, and the back gesture leads from one to the other.
  if (isPhone() && from === null && id !== null) {
    history.pushState(history.state, '', addressOf(id))
    listIsBefore = true
  } else if (id === null && listIsBefore) history.back()
  else timer = window.setTimeout(() => history.replaceState(history.state, '', addressOf(id)), ADDRESS_AFTER_MS)
}

/** Follow the address: a link, the back button, a reload. */
export function followAddress(id: string | null): void {
  clearTimeout(timer)
  if (id === null) listIsBefore = false
  if (id === active.get()) return
  active.set(id)
  setViewing(id)
}

/** A place in a conversation that was asked for; the thread goes there and forgets it. */
export const wantedEntry = new Cell<{ conversationId: string; place: Place } | null>(entryInAddress())

/** Open a conversation at one of its entries; the address says so, too, and can be passed on. */
export function openAt(conversationId: string, entryId: string): void {
  wantedEntry.set({ conversationId, place: { entryId } })
  open(conversationId)
  clearTimeout(timer)
  history.replaceState(history.state, '', `${addressOf(conversationId)}#entry=${encodeURIComponent(entryId)}`)
}

function entryInAddress(): { conversationId: string; place: Place } | null {
  const match = /^#entry=(.+)$/.exec(location.hash)
  const conversationId = idInAddress()
  return match?.[1] && conversationId ? { conversationId, place: { entryId: decodeURIComponent(match[1]) } } : null
}

export function idInAddress(): string | null {
  const match = /^\/inbox\/([^/]+)$/.exec(location.pathname)
  return match?.[1] ? decodeURIComponent(match[1]) : null
}

function addressOf(id: string | null): string {
  // The list's view and filters stand behind the question mark.
  return `${id ? `/inbox/${encodeURIComponent(id)}` : '/inbox'}${location.search}`
}
