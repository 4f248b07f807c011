/** One socket that comes back by itself: heartbeat, full-jitter backoff, at once when the network or the tab is back. */

import { KEY, ORIGIN, T } from './options.ts'
import type { ServerFrame } from './types.ts'

const FIRST_MS = 500
const MOST_MS = 30_000
const RESTART_MS = 2_000
const PING_MS = 25_000
const DEAD_MS = 55_000
/** A tab that nobody looks at gives its connection back. */
const HIDDEN_MS = 600_000
/** Trying again would not help: who we are or where we run is refused. */
const FINAL = new Set([4401, 4403, 4404])
const RESTARTS = new Set([1001, 1012])

export interface Handlers {
  /** The first frame of a new connection. */
  hello(): object
  frame(frame: ServerFrame): void
  /** `trouble` is what to tell the visitor; null while all is well or it is too early to say. */
  state(connected: boolean, trouble: string | null): void
}

export class Link {
  #socket: WebSocket | null = null
  #attempts = 0
  #retry = 0
  #beat = 0
  #heardAt = 0
  #hiddenAt = 0
  #wanted = false
  #waitMs = 0
  #refusal: string | null = null
  #pingedAt = 0

  readonly #handlers: Handlers

  constructor(handlers: Handlers) {
    this.#handlers = handlers
    addEventListener('online', () => this.#now())
    addEventListener('offline', () => {
      // What is sent now would vanish in a connection that does not know yet that it is dead.
      this.#end()
      if (this.#wanted) this.#handlers.state(false, T.offline)
    })
    document.addEventListener('visibilitychange', () => {
      this.#hiddenAt = document.hidden ? Date.now() : 0
      if (!document.hidden) this.#now()
    })
    addEventListener('pageshow', () => this.#now())
  }

  /** Whether the server has said welcome. */
  connected = false

  /** Connect, and stay connected. */
  open(): void {
    this.#wanted = true
    this.#now()
  }

  /** Close, and stay closed until `open`. */
  close(): void {
    this.#wanted = false
    this.#end()
  }

  /** With a new hello: somebody signed in or out. */
  again(): void {
    this.#end()
    this.#refusal = null
    this.#attempts = 0
    this.open()
  }

  send(frame: object): boolean {
    if (!this.connected || this.#socket?.readyState !== WebSocket.OPEN) return false
    this.#socket.send(JSON.stringify(frame))
    return true
  }

  #now(): void {
    if (!this.#wanted || this.#refusal) return
    // After a sleep the old connection may be dead without knowing it.
    if (this.connected && Date.now() - this.#heardAt > PING_MS * 1.2) this.#end()
    if (this.#socket) return
    this.#attempts = Math.min(this.#attempts, 1)
    this.#connect()
  }

  #end(): void {
    const socket = this.#socket
    this.#socket = null
    this.connected = false
    clearTimeout(this.#retry)
    clearInterval(this.#beat)
    socket?.close()
  }

  #connect(): void {
    clearTimeout(this.#retry)
    const socket = new WebSocket(`${ORIGIN.replace(/^http/, 'ws')}/ws/chat`)
    this.#socket = socket
    this.#heardAt = Date.now()
    this.#waitMs = 0
    // The token goes in the first frame: an address ends up in logs.
    socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', key: KEY, ...this.#handlers.hello() }))
    socket.onmessage = (event) => {
      if (this.#socket !== socket) return
      this.#heardAt = Date.now()
      this.#heard(JSON.parse(event.data as string) as ServerFrame)
    }
    socket.onclose = (event) => {
      if (this.#socket === socket) this.#closed(event.code)
    }
    clearInterval(this.#beat)
    this.#beat = window.setInterval(() => this.#check(), 5_000)
  }

  #heard(frame: ServerFrame): void {
    if (frame.type === 'welcome') {
      this.connected = true
      this.#attempts = 0
      this.#handlers.state(true, null)
    } else if (frame.type === 'error' && !this.connected) {
      this.#waitMs = (frame.retry_after_seconds ?? 0) * 1_000
      console.warn(`Parley: ${frame.code}`)
    }
    this.#handlers.frame(frame)
  }

  #check(): void {
    const now = Date.now()
    if (this.#hiddenAt && now - this.#hiddenAt > HIDDEN_MS) return this.#end()
    if (now - this.#heardAt > DEAD_MS) {
      this.#end()
      return this.#closed(1006)
    }
    if (now - this.#pingedAt >= PING_MS && this.send({ type: 'ping' })) this.#pingedAt = now
  }

  #closed(code: number): void {
    this.#end()
    if (!this.#wanted) return
    if (FINAL.has(code)) {
      this.#refusal = code === 4401 ? T.signIn : T.refused
      this.#handlers.state(false, this.#refusal)
      return
    }
    const most = RESTARTS.has(code) && this.#attempts < 3 ? RESTART_MS : Math.min(MOST_MS, FIRST_MS * 2 ** this.#attempts)
    this.#attempts = Math.min(this.#attempts + 1, 10)
    this.#handlers.state(false, navigator.onLine ? (this.#attempts > 1 ? T.connecting : null) : T.offline)
    this.#retry = window.setTimeout(() => this.#connect(), Math.max(this.#waitMs, Math.random() * most))
  }
}
