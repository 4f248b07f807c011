/** The tab's one websocket: resumes where it stopped, comes back by itself, and hands events over once a frame. */
import { CLOSE_SIGNED_OUT, Position, reconnectDelay } from './resume'
import { Cell } from './store'
import type { BroadcastReportEvent, ClientFrame, NumberedEvent, PresenceEvent, ServerFrame, TypingEvent, ViewingEvent } from './types'

const PING_EVERY_MS = 25_000
const DEAD_AFTER_MS = 55_000
/** The banner waits this long, so that a restart of the server passes unnoticed. */
const OFFLINE_AFTER_MS = 1_500

export type LiveEvent = NumberedEvent | TypingEvent | PresenceEvent | ViewingEvent | BroadcastReportEvent
export type Connection = 'connecting' | 'online' | 'offline'

export interface LiveHandlers {
  /** events of one frame, in order */
  events(batch: LiveEvent[]): void
  /** the gap is too large to be replayed: read again what is shown */
  reload(): void
  /** what this person may do or see has changed */
  rights(): void
  /** after every connection, resumed or not */
  connected(): void
  signedOut(): void
}

export const connection = new Cell<Connection>('connecting')

const position = new Position()
let handlers: LiveHandlers | null = null
let socket: WebSocket | null = null
let attempt = 0
let lastHeardAt = 0
let viewing: string | null = null
let away = false
let active = false
let watched: readonly string[] = []
let queue: LiveEvent[] = []
let retryTimer: number | undefined
let pingTimer: number | undefined
let offlineTimer: number | undefined
let reloadTimer: number | undefined

export function start(to: LiveHandlers): void {
  if (handlers) return
  handlers = to
  addEventListener('online', comeBack)
  addEventListener('offline', loseNetwork)
  document.addEventListener('visibilitychange', onVisibility)
  connect()
}

export function stop(): void {
  handlers = null
  removeEventListener('online', comeBack)
  removeEventListener('offline', loseNetwork)
  document.removeEventListener('visibilitychange', onVisibility)
  clearTimeout(retryTimer)
  clearInterval(pingTimer)
  clearTimeout(offlineTimer)
  offlineTimer = undefined
  socket?.close()
  socket = null
}

export function setViewing(conversationId: string | null): void {
  viewing = conversationId
  tellViewing()
}

/** Say whether one is at the desk; said again after each reconnect, because the server takes a new socket as online. */
export function setPresence(presence: 'online' | 'away'): void {
  away = presence === 'away'
  send({ type: 'presence', presence })
}

/** Whether one works on this screen right now: then nothing is pushed to one's devices. */
export function setActive(on: boolean): void {
  if (on === active) return
  active = on
  send({ type: 'active', on })
}

/** Which broadcasts are shown: how they are comes at once, and again whenever it changes. */
export function setWatched(broadcasts: readonly string[]): void {
  watched = broadcasts
  tellWatched()
}

function tellWatched(): void {
  send({ type: 'watching', broadcasts: [...watched] })
}

/** A hidden page shows nothing to anybody. */
function tellViewing(): void {
  send({ type: 'viewing', conversation_id: document.visibilityState === 'visible' ? viewing : null })
}

/** Best effort: what is sent here may be lost, messages never go this way. */
export function send(frame: ClientFrame): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame))
}

function connect(): void {
  clearTimeout(retryTimer)
  clearInterval(pingTimer)
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  const opened = new WebSocket(`${scheme}://${location.host}/ws/agent`)
  socket = opened
  opened.onopen = () => {
    lastHeardAt = Date.now()
    opened.send(JSON.stringify({ type: 'hello', cursor: position.cursor() } satisfies ClientFrame))
    pingTimer = window.setInterval(() => keepAlive(opened), PING_EVERY_MS)
  }
  opened.onmessage = (message: MessageEvent<string>) => {
    lastHeardAt = Date.now()
    receive(JSON.parse(message.data) as ServerFrame)
  }
  opened.onclose = (event) => {
    if (socket === opened) onClosed(event.code)
  }
}

function receive(frame: ServerFrame): void {
  switch (frame.type) {
    case 'welcome': {
      position.welcome(frame.cursor, frame.resumed)
      attempt = 0
      clearTimeout(offlineTimer)
      offlineTimer = undefined
      connection.set('online')
      if (viewing) tellViewing()
      if (active) send({ type: 'active', on: true })
      if (watched.length > 0) tellWatched()
      if (away) send({ type: 'presence', presence: 'away' })
      // Also at the first connection: what was read before it may have changed in between.
      if (!frame.resumed) scheduleReload()
      handlers?.connected()
      return
    }
    case 'reload':
      scheduleReload()
      return
    case 'rights':
      handlers?.rights()
      return
    case 'signed_out':
      handlers?.signedOut()
      return
    case 'pong':
      return
    case 'typing':
    case 'presence':
    case 'viewing':
    case 'viewers':
    case 'broadcast_report':
      enqueue(frame)
      return
    default:
      if (position.accept(frame.n)) enqueue(frame)
  }
}

/** A welcome without resume and the frame "reload" come together; one refetch answers both. */
function scheduleReload(): void {
  reloadTimer ??= window.setTimeout(() => {
    reloadTimer = undefined
    handlers?.reload()
  }, 50)
}

function enqueue(event: LiveEvent): void {
  if (queue.length === 0) {
    // A hidden tab gets no frames, but its title and notifications must still follow.
    if (document.hidden) setTimeout(flush, 50)
    else requestAnimationFrame(flush)
  }
  queue.push(event)
}

function flush(): void {
  const batch = queue
  queue = []
  if (batch.length > 0) handlers?.events(batch)
}

function onClosed(code: number): void {
  clearInterval(pingTimer)
  socket = null
  if (!handlers) return
  if (code === CLOSE_SIGNED_OUT) {
    handlers.signedOut()
    return
  }
  noticeOffline(OFFLINE_AFTER_MS)
  const delay = reconnectDelay(code, attempt)
  attempt += 1
  if (delay !== null) retryTimer = window.setTimeout(connect, delay)
}

function noticeOffline(afterMs: number): void {
  offlineTimer ??= window.setTimeout(() => connection.set('offline'), afterMs)
}

function keepAlive(opened: WebSocket): void {
  if (Date.now() - lastHeardAt > DEAD_AFTER_MS) {
    opened.onclose = null
    opened.close()
    onClosed(1006)
    return
  }
  send({ type: 'ping' })
}

function comeBack(): void {
  if (!handlers || socket) return
  attempt = 0
  connect()
}

function loseNetwork(): void {
  // A socket can stay "open" for minutes after the network is gone.
  if (!socket) return
  const lost = socket
  lost.onclose = null
  lost.close()
  socket = null
  clearInterval(pingTimer)
  noticeOffline(0)
  const delay = reconnectDelay(1006, attempt++)
  if (delay !== null) retryTimer = window.setTimeout(connect, delay)
}

function onVisibility(): void {
  tellViewing()
  if (document.visibilityState === 'visible') comeBack()
}
