/**
 * What survives a reload, in localStorage, shared by all tabs: the state in one value, and each unconfirmed message in
 * one of its own, so that two tabs never overwrite what the other's visitor has just written.
 */

import { KEY, PROFILE } from './options.ts'
import type { Config, Message, Visits, Waiting } from './types.ts'

export const KEPT_MESSAGES = 100

export interface State {
  token: string | null
  signedIn: boolean
  /** The newest number seen of each thread, and up to where colleagues have read. */
  cursor: Record<string, number>
  read: Record<string, number>
  /** The server's time when it was last heard. */
  since: number | null
  messages: Message[]
  /** Receipts that have not been sent. */
  receipts: Record<string, 'delivered' | 'read'>
  /** There is more at the server than this browser was told. */
  cut: boolean
  config: Config | null
  draft: string
  open: boolean
  /** Whether the visitor was asked for name and e-mail, and has answered. */
  asked: boolean
  visits?: Visits
}

const PREFIX = `parley:${KEY}:${PROFILE}:`
const STATE = `${PREFIX}state`
const OUT = `${PREFIX}out:`
const EMPTY: State = {
  token: null,
  signedIn: false,
  cursor: {},
  read: {},
  since: null,
  messages: [],
  receipts: {},
  cut: false,
  config: null,
  draft: '',
  open: false,
  asked: false,
}

/** Where nothing may be stored (private mode, a refused consent) this tab's memory has to do. */
const memory = new Map<string, string>()
let persistent = true

function get(name: string): string | null {
  try {
    return persistent ? localStorage.getItem(name) : (memory.get(name) ?? null)
  } catch {
    return memory.get(name) ?? null
  }
}

function set(name: string, value: string): void {
  try {
    if (!persistent) throw new Error()
    localStorage.setItem(name, value)
  } catch {
    memory.set(name, value)
  }
}

function remove(name: string): void {
  memory.delete(name)
  try {
    localStorage.removeItem(name)
  } catch {
    // Nothing was stored there.
  }
}

function names(): string[] {
  try {
    return [...Object.keys(localStorage), ...memory.keys()].filter((name) => name.startsWith(OUT))
  } catch {
    return [...memory.keys()].filter((name) => name.startsWith(OUT))
  }
}

function parse<Value>(text: string | null): Value | null {
  try {
    return text ? (JSON.parse(text) as Value) : null
  } catch {
    return null
  }
}

export function load(): State {
  return { ...structuredClone(EMPTY), ...parse<State>(get(STATE)) }
}

export function save(state: State): void {
  set(STATE, JSON.stringify({ ...state, messages: state.messages.slice(-KEPT_MESSAGES) }))
}

/** Messages that wait, oldest first. */
export function outbox(): Waiting[] {
  return names()
    .map((name) => parse<Waiting>(get(name)))
    .filter((waiting) => waiting !== null)
    .sort((one, other) => one.at - other.at)
}

export function keep(waiting: Waiting): void {
  set(OUT + waiting.frame.client_id, JSON.stringify(waiting))
}

export function drop(clientId: string): void {
  remove(OUT + clientId)
}

/** Forgets who was here, for whoever has this token or for nobody. The looks of the site are nobody's secret. */
export function wipe(state: State, token: string | null): State {
  const left = { ...structuredClone(EMPTY), token, config: state.config, open: state.open }
  for (const name of names()) remove(name)
  // In one step, so that other tabs do not take a change of visitors for a sign-out.
  if (token) save(left)
  else remove(STATE)
  return left
}

/** Whether this browser may keep anything; refused, it forgets at once. */
export function allow(allowed: boolean, state: State): void {
  persistent = allowed
  if (allowed) return save(state)
  const waiting = outbox()
  for (const { frame } of waiting) remove(OUT + frame.client_id)
  remove(STATE)
  waiting.forEach(keep)
}

/** Another tab has saved; what it confirmed or wrote meanwhile is read from the store. */
export function onChange(changed: () => void): void {
  addEventListener('storage', (event) => {
    if (event.key === null || event.key === STATE || event.key.startsWith(OUT)) changed()
  })
}
