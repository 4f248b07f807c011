/**
 * Up to which entry the writer of a draft has seen the conversation. It stands still from the first letter on; going on
 * to write once newer messages have been on screen for a moment counts as having seen them.
 */
import { useSyncExternalStore } from 'react'
import { currentMe } from '../../lib/session'
import { Emitter } from '../../lib/store'
import type { Entry } from '../../lib/types'
import { getConversation } from '../conversations'
import { getThread } from '../thread/threads'
import { newerThan } from './newer'

const PREFIX = 'parley.seen.'
const NOTICED_AFTER_MS = 3_000

const numbers = new Map<string, number | null>()
/** the newest entry that has been on screen, and since when */
const shown = new Map<string, { number: number; since: number }>()
const changes = new Emitter()

/** The number that a draft is sent with; without one begun, what is known now. */
export function seenNumber(conversationId: string): number {
  return read(conversationId) ?? newest(conversationId)
}

/** A draft was begun or emptied: from here on newer messages count. */
export function startSeen(conversationId: string, writing: boolean): void {
  write(conversationId, writing ? newest(conversationId) : null)
}

/** Everything up to now has been looked at. */
export function acknowledge(conversationId: string): void {
  if (read(conversationId) !== null) write(conversationId, newest(conversationId))
}

/** The text was changed; with newer messages before their eyes, its writer has taken them in. */
export function wroteOn(conversationId: string): void {
  const last = shown.get(conversationId)
  if (last && Date.now() - last.since >= NOTICED_AFTER_MS && last.number > (read(conversationId) ?? last.number)) {
    write(conversationId, last.number)
  }
}

/** Newer messages are on screen. */
export function noticed(conversationId: string, number: number): void {
  if (shown.get(conversationId)?.number !== number) shown.set(conversationId, { number, since: Date.now() })
}

/** Of these entries, those that somebody else wrote since the draft was begun. */
export function useNewer(conversationId: string, entries: Entry[]): Entry[] {
  const seen = useSyncExternalStore(changes.subscribe, () => read(conversationId))
  return seen === null ? [] : newerThan(entries, seen, currentMe()?.member.id ?? null)
}

function newest(conversationId: string): number {
  // What is forwarded into a conversation is a draft there before its thread has been read.
  return getThread(conversationId)?.entries.at(-1)?.number ?? getConversation(conversationId)?.last_number ?? 0
}

function read(conversationId: string): number | null {
  let number = numbers.get(conversationId)
  if (number === undefined) numbers.set(conversationId, (number = stored(conversationId)))
  return number
}

function stored(conversationId: string): number | null {
  try {
    return Number(localStorage.getItem(PREFIX + conversationId)) || null
  } catch {
    return null
  }
}

function write(conversationId: string, number: number | null): void {
  if (read(conversationId) === number) return
  numbers.set(conversationId, number)
  try {
    if (number === null) localStorage.removeItem(PREFIX + conversationId)
    else localStorage.setItem(PREFIX + conversationId, String(number))
  } catch {
    // Storage is full or blocked: it is known as long as the tab lives.
  }
  changes.emit()
}
