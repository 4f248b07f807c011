/** The conversation itself: what was said, what waits to be sent, what was seen. It knows the server and no element. */

import type { more } from './lazy.ts'
import { Link } from './link.ts'
import { KEY, ORIGIN, PROFILE, T, identityOfPage } from './options.ts'
import * as store from './store.ts'
import type { State } from './store.ts'
import type { Content, Identity, Message, Option, Quote, ServerFrame, Waiting } from './types.ts'

const MOST_FILES = 5
/** How long the server may take to confirm a message before the connection is taken for dead. */
const CONFIRM_MS = 10_000
const TYPING_EVERY_MS = 3_000
const RECEIPTS_AFTER_MS = 150
const MOST_RECEIPTS = 50
const MOST_REFRESHED = 20
const REFRESH_BEFORE_MS = 300_000

/** A file that has not become a message yet. */
export interface Upload {
  clientId: string
  file: File
  /** Of a voice message. */
  seconds?: number | undefined
  quote?: Quote | undefined
  preview: string | null
  at: number
  share: number
  failed?: string
}

export const newId = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')

/** Said by the widget itself and not answered yet; its client id is its mark. */
const isGreeting = ({ id }: Message): boolean => id === 'greeting'

/** Whether the link to a file has ended or will soon. */
export function stale(url: string | null, beforeMs = 0): boolean {
  const until = /[?&]until=(\d+)/.exec(url ?? '')
  return until !== null && Number(until[1]) * 1_000 < Date.now() + beforeMs
}

export class Chat {
  state: State
  waiting: Waiting[]
  uploads: Upload[] = []
  connected = false
  trouble: string | null = null
  typingName: string | null = null

  identity: Identity | null = identityOfPage()
  /** What is stored belongs to somebody signed in, and nobody is: it is neither shown nor used. */
  #locked: boolean
  #visible = false
  readonly #link: Link
  readonly #timers = new Map<string, number>()
  #typedAt = 0
  #uploading = false
  #admitted: (() => void) | null = null

  /** Where the page begins that comes before what is shown, by thread; 0: there is none. */
  #before: Record<string, number> = {}

  readonly #changed: () => void
  readonly #more: () => ReturnType<typeof more>

  constructor(changed: () => void, loadMore: () => ReturnType<typeof more>) {
    this.#changed = changed
    this.#more = loadMore
    this.state = store.load()
    this.waiting = store.outbox()
    this.#locked = this.state.signedIn && !this.identity
    this.#link = new Link({
      hello: () => this.#hello(),
      frame: (frame) => this.#heard(frame),
      state: (connected, trouble) => {
        this.connected = connected
        this.trouble = trouble
        if (!connected) {
          this.#admitted?.()
          this.typingName = null
        }
        this.#changed()
      },
    })
    store.onChange(() => this.#otherTab())
    // A page that goes away takes nothing with it: not who is here, nor what was confirmed a moment ago.
    addEventListener('pagehide', () => store.save(this.state))
    setInterval(() => this.#refreshFiles(), REFRESH_BEFORE_MS / 2)
    // Who has been here before is told at once what is new; who has not is left alone until they open the chat.
    if (this.state.token && !this.#locked) this.#connect()
  }

  // --- what the view shows ---

  get messages(): Message[] {
    return this.#locked ? [] : this.state.messages
  }

  get unread(): number {
    return this.messages.filter((message) => message.from === 'agent' && !message.seen).length
  }

  wasRead(message: Message): boolean {
    return message.seq > 0 && message.seq <= (this.state.read[message.thread] ?? 0)
  }

  /** Threads of which the server may know more than is shown. */
  get #older(): string[] {
    const { cut, cursor } = this.state
    return cut || this.messages.length >= store.KEPT_MESSAGES ? Object.keys(cursor).filter((thread) => this.#before[thread] !== 0) : []
  }

  get hasEarlier(): boolean {
    return this.connected && this.#older.length > 0
  }

  /** Name and e-mail are asked for once, after the first message. */
  get asks(): ('name' | 'email')[] {
    const wrote = this.messages.some((message) => message.from === 'visitor' && message.content?.type !== 'details')
    return wrote && !this.state.asked && !this.state.signedIn ? (this.state.config?.prechat ?? []) : []
  }

  // --- what the visitor does ---

  /** The window was opened or closed, or the tab went to the back. */
  show(open: boolean, inFront: boolean): void {
    this.state.open = open
    this.#visible = open && inFront
    if (open && this.#locked) {
      this.#locked = false
      this.state = store.wipe(this.state, null)
      this.waiting = []
    }
    if (open) this.#connect()
    if (this.#visible) {
      for (const message of this.state.messages) this.#see(message)
      this.#refreshFiles()
    }
    this.#save()
  }

  write(text: string, quote?: Quote): void {
    this.#queue(
      { type: 'message', text, reply_to: quote?.id ?? undefined, page: page() },
      { type: 'text', text },
      quote,
    )
    this.state.draft = ''
    this.#typedAt = 0
    this.#save()
  }

  /** Where they are: sent once. */
  share(latitude: number, longitude: number, quote?: Quote): void {
    const place = { latitude, longitude }
    this.#queue(
      { type: 'message', location: place, reply_to: quote?.id ?? undefined, page: page() },
      { type: 'location', ...place },
      quote,
    )
  }

  earlier(): void {
    for (const thread of this.#older) {
      const known = this.state.messages.filter((message) => message.thread === thread && message.seq).map(({ seq }) => seq)
      this.#link.send({ type: 'earlier', thread, before: this.#before[thread] ?? Math.min(...known, this.state.cursor[thread]! + 1) })
    }
  }

  choose(message: Message, option: Option): void {
    this.#queue(
      { type: 'message', choice_id: option.id, reply_to: message.id },
      { type: 'choice', id: option.id, title: option.title },
      { id: message.id, text: '', name: null },
    )
  }

  introduce(values: { name?: string; email?: string }): void {
    this.state.asked = true
    if (values.name || values.email) this.#queue({ type: 'details', ...values }, { type: 'details', values })
    this.#save()
  }

  react(message: Message, emoji: string): void {
    const mine = message.reactions.find((reaction) => reaction.mine)
    const given = mine?.emoji === emoji ? '' : emoji
    if (!this.#link.send({ type: 'reaction', client_id: newId(), id: message.id, emoji: given })) return
    message.reactions = message.reactions.filter((reaction) => !reaction.mine)
    if (given) message.reactions.push({ emoji: given, mine: true })
    this.#changed()
  }

  typed(draft: string): void {
    this.state.draft = draft
    this.#later('draft', 300, () => store.save(this.state))
    const now = Date.now()
    if (draft && now - this.#typedAt > TYPING_EVERY_MS) {
      this.#typedAt = now
      this.#link.send({ type: 'typing', on: true })
    } else if (!draft && this.#typedAt) {
      this.#typedAt = 0
      this.#link.send({ type: 'typing', on: false })
    }
  }

  /** `seconds`: it is a voice message. */
  attach(files: Iterable<File>, quote?: Quote, seconds?: number): void {
    for (const file of [...files].slice(0, MOST_FILES)) {
      const tooLarge = file.size > (this.state.config?.max_upload_bytes ?? 10_000_000)
      const preview = file.type.startsWith('image/') ? URL.createObjectURL(file) : null
      this.uploads.push({
        clientId: newId(),
        file,
        seconds,
        quote,
        preview,
        at: Date.now(),
        share: 0,
        ...(tooLarge ? { failed: T.tooLarge } : {}),
      })
    }
    this.#changed()
    void this.#runUploads()
  }

  retry(clientId: string): void {
    const waiting = this.waiting.find((item) => item.frame.client_id === clientId)
    if (waiting) {
      delete waiting.failed
      store.keep(waiting)
      this.#send(waiting)
    }
    this.#changed()
  }

  discard(clientId: string): void {
    this.waiting = this.waiting.filter((item) => item.frame.client_id !== clientId)
    this.uploads = this.uploads.filter((item) => item.clientId !== clientId)
    store.drop(clientId)
    this.#changed()
  }

  // --- what the page does ---

  identify(identity: Identity): void {
    if (JSON.stringify(identity) === JSON.stringify(this.identity) && this.connected) return
    this.identity = identity
    this.#locked = false
    if (this.state.token || this.state.open) this.#link.again()
    this.#changed()
  }

  logout(): void {
    this.#link.send({ type: 'logout' })
    this.identity = null
    this.#forget(null)
    this.#link.close()
    if (this.state.open) this.#connect()
  }

  consent(allowed: boolean): void {
    store.allow(allowed, this.state)
  }

  // --- the connection ---

  #connect(): void {
    if (this.state.token || this.identity || !navigator.locks) return this.#link.open()
    // Of two tabs that are opened together one becomes the visitor, and the other learns who that is.
    void navigator.locks.request(`parley:${KEY}:${PROFILE}`, () => {
      this.state.token ??= store.load().token
      return new Promise<void>((resolve) => {
        this.#admitted = resolve
        this.#link.open()
        if (this.connected || this.trouble) resolve()
      })
    })
  }

  #hello(): object {
    const { token, cursor, since } = this.state
    this.waiting = store.outbox()
    return {
      token,
      identity: this.identity,
      cursor,
      since,
      page: page(),
      locale: navigator.language,
      outbox: this.waiting.map((item) => item.frame.client_id),
    }
  }

  #heard(frame: ServerFrame): void {
    switch (frame.type) {
      case 'welcome':
        this.#welcomed(frame)
        break
      case 'message':
        this.#merge(frame)
        if (frame.from === 'agent') this.typingName = null
        break
      case 'stored':
        this.#stored(frame.client_id, frame.id, frame.at)
        break
      case 'earlier':
        for (const message of frame.messages) this.#merge(message)
        this.#before[frame.thread] = frame.next
        break
      case 'read':
        this.state.read[frame.thread] = frame.up_to
        break
      case 'typing':
        this.typingName = frame.on ? frame.name : null
        this.#later('typing', (this.state.config?.typing_seconds ?? 6) * 1_000, () => {
          this.typingName = null
          this.#changed()
        })
        break
      case 'pong':
        this.state.since = frame.now
        break
      case 'error':
        this.#refused(frame)
    }
    this.#save()
  }

  #welcomed(frame: Extract<ServerFrame, { type: 'welcome' }>): void {
    if (frame.fresh && this.state.token) this.#forget(frame.token, !this.state.signedIn)
    if (frame.token) this.state.token = frame.token
    this.state.signedIn = frame.signed_in
    this.state.since = frame.now
    this.state.config = frame.config
    for (const [thread, told] of Object.entries(frame.threads)) {
      if (!told.complete) {
        // More was missed than is told: what is older would leave a hole, whatever thread it was in before a merge.
        this.#before = {}
        this.state.cut = true
        const first = frame.messages.find((message) => message.thread === thread)?.at ?? ''
        this.state.messages = this.state.messages.filter((message) => message.at >= first)
      }
      this.state.cursor[thread] = Math.max(this.state.cursor[thread] ?? 0, told.cursor)
      this.state.read[thread] = told.read
    }
    for (const message of frame.messages) this.#merge(message)
    this.#admitted?.()
    for (const item of this.waiting) if (!item.failed) this.#send(item)
    this.#flushReceipts()
    this.#refreshFiles()
    void this.#runUploads()
  }

  #merge(message: Message): void {
    const known = this.state.messages.find((other) => other.id === message.id)
    if (known && known.revision > message.revision) return
    const isNew = !known
    // The same object as before: rows that are drawn hold it.
    const merged = Object.assign(known ?? {}, message, {
      client_id: message.client_id ?? known?.client_id ?? null,
      seen: message.seen || known?.seen || message.from === 'visitor',
    })
    // A greeting that was answered comes back as a message.
    if (isNew && merged.from === 'agent') this.state.messages = this.state.messages.filter((other) => !isGreeting(other))
    if (isNew) this.state.messages.push(merged)
    this.state.messages.sort((one, other) => Date.parse(one.at) - Date.parse(other.at) || one.seq - other.seq)
    this.state.cursor[message.thread] = Math.max(this.state.cursor[message.thread] ?? 0, message.seq)
    if (merged.client_id) this.#discardConfirmed(merged.client_id)
    if (merged.seen) return
    if (this.#visible) this.#see(merged)
    else if (isNew) this.#receipt(merged.id, 'delivered')
  }

  #stored(clientId: string, id: string, at: number): void {
    const waiting = this.waiting.find((item) => item.frame.client_id === clientId)
    if (!waiting) return
    this.#merge({
      id,
      thread: '',
      seq: 0,
      revision: 0,
      client_id: clientId,
      from: 'visitor',
      name: null,
      at: new Date(at).toISOString(),
      content: waiting.shown,
      reply_to: waiting.quote ?? null,
      reactions: [],
      edited: false,
      deleted: false,
      seen: true,
    })
  }

  #refused(frame: Extract<ServerFrame, { type: 'error' }>): void {
    const waiting = this.waiting.find((item) => item.frame.client_id === frame.client_id)
    if (!waiting) return
    if (frame.code === 'too_fast') {
      waiting.held = true
      this.#later(waiting.frame.client_id, (frame.retry_after_seconds ?? 10) * 1_000, () => this.#send(waiting))
      return
    }
    waiting.failed = frame.code === 'too_long' ? T.tooLong : T.failed
    store.keep(waiting)
  }

  #queue(frame: { type: Waiting['frame']['type'] } & Record<string, unknown>, shown: Content, quote?: Quote): void {
    this.#sendOff({
      // What we have said by ourselves stands before their answer.
      frame: { ...frame, client_id: newId(), greeting: this.state.messages.find(isGreeting)?.client_id },
      at: Date.now(),
      shown,
      ...(quote ? { quote } : {}),
    })
  }

  #sendOff(waiting: Waiting): void {
    this.waiting.push(waiting)
    store.keep(waiting)
    this.#send(waiting)
    this.#changed()
  }

  #send(waiting: Waiting): void {
    waiting.held = false
    if (!this.#link.send(waiting.frame)) return
    this.#later('confirm', CONFIRM_MS, () => {
      if (this.connected && this.waiting.some((item) => !item.failed && !item.held)) this.#link.again()
    })
  }

  #discardConfirmed(clientId: string): void {
    store.drop(clientId)
    this.waiting = this.waiting.filter((item) => item.frame.client_id !== clientId)
    this.uploads = this.uploads.filter((item) => item.clientId !== clientId)
  }

  /** One after another, so that they arrive in the order in which they were chosen. */
  async #runUploads(): Promise<void> {
    if (this.#uploading) return
    this.#uploading = true
    for (let next; this.connected && this.state.token && (next = this.uploads.find((item) => !item.failed)); ) {
      const { clientId, file, seconds, quote, preview, at } = next
      try {
        const { upload } = await this.#more()
        const id = await upload(file, `${ORIGIN}/w/uploads?key=${encodeURIComponent(KEY)}`, this.state.token, (share) => {
          next!.share = share
          this.#changed()
        })
        if (!this.uploads.includes(next)) continue
        const shown: Content = {
          type: 'media',
          media: {
            kind: preview ? 'image' : seconds ? 'voice' : 'document',
            name: file.name,
            mime: file.type,
            bytes: file.size,
            width: null,
            height: null,
            url: preview,
            thumb_url: null,
            duration_seconds: seconds ?? null,
          },
        }
        this.uploads = this.uploads.filter((item) => item !== next)
        const frame = { type: 'message' as const, client_id: clientId, upload_id: id, voice_seconds: seconds, reply_to: quote?.id, page: page() }
        this.#sendOff({ frame, at, shown, ...(quote ? { quote } : {}) })
      } catch (error) {
        // A number is why the server refuses it.
        if (typeof error !== 'number' || !error) break
        next.failed = error === 413 ? T.tooLarge : T.badFile
      }
    }
    this.#uploading = false
    this.#changed()
    if (this.connected && this.uploads.some((item) => !item.failed)) this.#later('uploads', 3_000, () => this.#runUploads())
  }

  // --- receipts and files ---

  #see(message: Message): void {
    if (message.seen) return
    message.seen = true
    this.#receipt(message.id, 'read')
  }

  #receipt(id: string, status: 'delivered' | 'read'): void {
    this.state.receipts[id] = status
    this.#later('receipts', RECEIPTS_AFTER_MS, () => this.#flushReceipts())
  }

  #flushReceipts(): void {
    for (const status of ['delivered', 'read'] as const) {
      const ids = Object.keys(this.state.receipts).filter((id) => this.state.receipts[id] === status)
      for (let first = 0; first < ids.length; first += MOST_RECEIPTS) {
        const some = ids.slice(first, first + MOST_RECEIPTS)
        if (this.#link.send({ type: status, ids: some })) for (const id of some) delete this.state.receipts[id]
      }
    }
    this.#save()
  }

  /** Links to files are good for an hour; new ones are asked for before they end. */
  #refreshFiles(): void {
    if (!this.#visible) return
    const ended = this.messages.filter(
      ({ content }) => content?.type === 'media' && stale(content.media.url, REFRESH_BEFORE_MS),
    )
    for (const message of ended.slice(-MOST_REFRESHED)) this.#link.send({ type: 'file', id: message.id })
  }

  // --- keeping ---

  /** Whoever was here is gone, for whoever has this token; `keepWaiting`: what waits was written by the same person. */
  #forget(token: string | null, keepWaiting = false): void {
    const waiting = keepWaiting ? this.waiting : []
    const { draft, asked } = this.state
    this.state = store.wipe(this.state, token)
    if (keepWaiting) Object.assign(this.state, { draft, asked })
    this.waiting = waiting
    waiting.forEach(store.keep)
    this.#changed()
  }

  #save(): void {
    this.#changed()
    // The first of many changes sets the time: were it put off by each, a busy visitor's state would never be kept.
    if (this.#timers.has('save')) return
    this.#later('save', 50, () => {
      this.#timers.delete('save')
      store.save(this.state)
    })
  }

  /** Another tab has written: who we are, what was seen, and what has been confirmed there. */
  #otherTab(): void {
    const other = store.load()
    if (other.token !== this.state.token) {
      const open = this.state.open
      // Signed out there: the page still says who it was, and that counts no more.
      if (!other.token) this.identity = null
      this.state = { ...other, open }
      this.waiting = store.outbox()
      if (open || other.token) this.#link.again()
      else this.#link.close()
      this.#changed()
      return
    }
    const seen = new Set(other.messages.filter((message) => message.seen).map((message) => message.id))
    for (const message of this.state.messages) message.seen ||= seen.has(message.id)
    this.state.asked ||= other.asked
    const left = new Set(store.outbox().map((item) => item.frame.client_id))
    this.waiting = this.waiting.filter((item) => left.has(item.frame.client_id))
    this.#changed()
  }

  #later(name: string, ms: number, run: () => unknown): void {
    clearTimeout(this.#timers.get(name))
    this.#timers.set(name, window.setTimeout(run, ms))
  }
}

function page(): { url: string; title: string } {
  return { url: location.href.slice(0, 2_000), title: document.title.slice(0, 200) }
}
