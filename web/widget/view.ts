/** The button and the window, in a shadow root that the page's styles do not reach. */

import { type Row, draw, ofMessage, ofUpload, ofWaiting, signature } from './bubbles.ts'
import type { Chat } from './chat.ts'
import { h, icon, iconButton, set } from './dom.ts'
import { more } from './lazy.ts'
import { CSS, inkOn } from './look.ts'
import { COLOR, T, THEME } from './options.ts'
import type { Bar } from './more.ts'
import type { Config, Quote } from './types.ts'

const GROUP_MS = 300_000
const NEAR_PX = 80
const ACCEPT =
  'image/*,audio/*,video/*,.pdf,.txt,.csv,.doc,.docx,.xls,.xlsx,.ppt,.pptx,.odt,.ods'
const PHONE = matchMedia('(max-width:480px)')
const TOUCH = matchMedia('(hover:none)')

export class View {
  readonly #host = h('div', { id: 'parley-widget' })
  readonly #badge = h('span', { class: 'badge', hidden: true })
  readonly #launch = iconButton('chat', T.open, () => this.toggle(!this.#open), 'launch')
  readonly #title = h('h2', { id: 'title' })
  readonly #subtitle = h('p')
  readonly #wants = iconButton('more', T.wants, () => this.#load(({ preferences }) => preferences(this.#chat, this.#panel, this.#wants)))
  readonly #trouble = h('div', { class: 'trouble', role: 'status', hidden: true })
  readonly #log = h('div', { class: 'log', role: 'log', 'aria-live': 'polite', 'aria-label': T.messages, tabindex: '0' })
  readonly #typing = h('div', { class: 'typing', 'aria-live': 'polite' })
  readonly #newer = h('button', { type: 'button', class: 'new', hidden: true }, T.newMessages)
  readonly #answers = h('div', { class: 'answers', hidden: true })
  readonly #input = h('textarea', { rows: '1', placeholder: T.placeholder, 'aria-label': T.placeholder, enterkeyhint: 'send' })
  readonly #send = h('button', { type: 'submit', class: 'icon send', 'aria-label': T.send, title: T.send }, icon('send'))
  readonly #smile = iconButton('smile', T.emoji, () => this.#load(({ pick }) => pick(this.#input, this.#smile)))
  readonly #pin = iconButton('pin', T.locate, () => this.#use('locate'))
  readonly #mic = iconButton('mic', T.record, () => this.#use('record'))
  readonly #older = h('button', { type: 'button', class: 'older' }, T.earlier)
  readonly #files = h('input', { type: 'file', multiple: true, accept: ACCEPT, hidden: true, tabindex: '-1', 'aria-label': T.attach })
  readonly #compose = h('form', { class: 'compose' })
  readonly #drop = h('div', { class: 'drop', hidden: true }, T.drop)
  readonly #panel = h('section', { class: 'panel', role: 'dialog', id: 'panel', 'aria-labelledby': 'title', tabindex: '-1', hidden: true })
  readonly #drawn = new Map<string, { element: HTMLElement; signature: string }>()
  readonly #root: ShadowRoot
  #card: HTMLElement | undefined
  #kind?: string | number | false
  /** What is in the composer's place. */
  #bar: Bar | null = null
  #newestAt = 0
  #oldestAt = 0
  #open = false
  #quote: Quote | null = null
  #scheduled = false
  #painted = false
  #greets = false

  readonly #chat: Chat

  constructor(chat: Chat) {
    this.#chat = chat
    const root = (this.#root = this.#host.attachShadow({ mode: 'open' }))
    // Not a <style> element: a strict policy of the page would refuse it.
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(CSS)
    root.adoptedStyleSheets = [sheet]
    this.#build(root)
    this.#listen()
    this.#input.value = chat.state.draft
  }

  /** On the page, in the site's colours; at once if they are known from before, and again as they are now. */
  mount(config: Config | null): void {
    const { state } = this.#chat
    // What was kept may be from long ago, and knows more than how it looks.
    if (config) state.config = { ...state.config, ...config }
    if (this.#painted) return this.update()
    this.#painted = true
    document.body.append(this.#host)
    this.update()
    if (state.open && !PHONE.matches) this.toggle(true, false)
  }

  more(): ReturnType<typeof more> {
    return more(this.#root)
  }

  /** Draw what has changed; many changes in a row are drawn once. */
  update(): void {
    if (this.#scheduled || !this.#painted) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      this.#render()
    })
  }

  toggle(open: boolean, focus = true): void {
    this.#open = open
    this.#panel.hidden = !open
    set(this.#host, { 'data-open': open })
    set(this.#panel, { 'aria-modal': PHONE.matches ? 'true' : undefined })
    if (!open) this.#bar?.end()
    this.#chat.show(open, !document.hidden)
    this.#render()
    if (open) this.#toBottom()
    if (!focus) return
    if (!open) this.#launch.focus()
    else if (TOUCH.matches) this.#panel.focus()
    else this.#input.focus()
  }

  // --- making it ---

  #build(root: ShadowRoot): void {
    this.#launch.append(this.#badge)
    set(this.#launch, { 'aria-controls': 'panel', 'aria-haspopup': 'dialog' })
    const close = iconButton('close', T.close, () => this.toggle(false))
    const attach = iconButton('attach', T.attach, () => this.#files.click())
    this.#compose.append(attach, this.#smile, this.#files, this.#input, this.#pin, this.#mic, this.#send)
    this.#panel.append(
      h('header', {}, h('div', {}, this.#title, this.#subtitle), this.#wants, close),
      this.#trouble,
      this.#log,
      this.#newer,
      this.#typing,
      h('footer', {}, this.#answers, this.#compose),
      this.#drop,
    )
    root.append(this.#panel, this.#launch)
  }

  #listen(): void {
    const [input, panel] = [this.#input, this.#panel]
    this.#compose.onsubmit = (event) => {
      event.preventDefault()
      this.#submit()
    }
    input.oninput = () => {
      this.#chat.typed(input.value)
      this.#size()
    }
    input.onkeydown = (event) => {
      // Somebody who composes (Chinese, Japanese) confirms a word with Enter.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
      event.preventDefault()
      this.#submit()
    }
    input.onpaste = (event) => this.#take(event.clipboardData?.files, event)
    this.#files.onchange = () => {
      this.#take(this.#files.files)
      this.#files.value = ''
    }
    panel.ondragover = (event) => {
      event.preventDefault()
      // It is about to be uploaded by it.
      void this.more()
      this.#drop.hidden = false
    }
    panel.ondragleave = (event) => {
      if (!panel.contains(event.relatedTarget as Node | null)) this.#drop.hidden = true
    }
    panel.ondrop = (event) => {
      event.preventDefault()
      this.#drop.hidden = true
      this.#take(event.dataTransfer?.files)
    }
    // The page's shortcuts have no business with what is typed here.
    for (const kind of ['keydown', 'keyup', 'keypress'] as const) panel.addEventListener(kind, (event) => event.stopPropagation())
    panel.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.toggle(false)
      else if (event.key === 'Tab' && PHONE.matches) this.#keepFocus(event)
    })
    this.#newer.onclick = () => this.#toBottom()
    this.#older.onclick = () => this.#chat.earlier()
    this.#log.onscroll = () => {
      if (this.#nearBottom) this.#newer.hidden = true
    }
    document.addEventListener('visibilitychange', () => this.#chat.show(this.#open, !document.hidden))
    const viewport = window.visualViewport
    // The keyboard of a phone covers the page without making it smaller.
    viewport?.addEventListener('resize', () => this.#host.style.setProperty('--vh', `${viewport.height}px`))
  }

  #keepFocus(event: KeyboardEvent): void {
    const all = [...this.#panel.querySelectorAll<HTMLElement>('a[href],button:enabled,textarea,input:not([hidden]),[tabindex="0"]')]
    const seen = all.filter((element) => element.offsetParent)
    const [first, last] = [seen[0], seen[seen.length - 1]]
    const now = (this.#panel.getRootNode() as ShadowRoot).activeElement
    if (event.shiftKey ? now === first : now === last) {
      event.preventDefault()
      ;(event.shiftKey ? last : first)?.focus()
    }
  }

  // --- doing ---

  #submit(): void {
    const text = this.#input.value.trim()
    if (!text || this.#tooLong) return
    this.#chat.write(text, this.#quote ?? undefined)
    this.#input.value = ''
    this.#answer(null)
    this.#size()
    // The button that was pressed may be gone.
    this.#input.focus()
    this.#toBottom()
  }

  /** A voice message or a place, in the composer's place until it is sent or given up. */
  #use(what: 'record' | 'locate'): void {
    const sent = (): void => {
      this.#answer(null)
      this.#toBottom()
    }
    const gone = (): void => {
      this.#bar?.element.remove()
      this.#bar = null
      this.#compose.hidden = false
      this.#input.focus()
    }
    this.#load(({ record, locate }) => {
      if (this.#bar || !this.#open) return
      const quote = this.#quote ?? undefined
      this.#bar =
        what === 'record'
          ? record((file, seconds) => (this.#chat.attach([file], quote, seconds), sent()), gone)
          : locate((latitude, longitude) => (this.#chat.share(latitude, longitude, quote), sent()), gone)
      this.#compose.hidden = true
      this.#compose.after(this.#bar.element)
      this.#bar.element.querySelector('button')?.focus()
    })
  }

  #load(use: (script: Awaited<ReturnType<typeof more>>) => void): void {
    this.more().then(use, () => {
      this.#trouble.textContent = T.connecting
      this.#trouble.hidden = false
    })
  }

  #take(files: FileList | null | undefined, event?: Event): void {
    if (!files?.length) return
    event?.preventDefault()
    this.#chat.attach(files, this.#quote ?? undefined)
    this.#answer(null)
    this.#toBottom()
  }

  #answer(quote: Quote | null): void {
    this.#quote = quote
    this.#answers.hidden = !quote
    this.#answers.replaceChildren()
    if (!quote) return
    this.#answers.append(h('span', {}, quote.text), iconButton('close', T.cancel, () => this.#answer(null)))
    this.#input.focus()
  }

  get #tooLong(): boolean {
    return this.#input.value.length > (this.#chat.state.config?.max_text_chars ?? 2_000)
  }

  #size(): void {
    const input = this.#input
    input.style.height = 'auto'
    input.style.height = `${Math.min(input.scrollHeight, 132)}px`
    const empty = !input.value.trim()
    const records = !!navigator.mediaDevices && 'MediaRecorder' in window
    this.#send.disabled = empty || this.#tooLong
    this.#mic.hidden = !records || !empty
    this.#send.hidden = records && empty
    this.#pin.hidden = !isSecureContext || !empty
    set(input, { 'aria-invalid': this.#tooLong ? 'true' : undefined })
  }

  get #nearBottom(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.#log
    return scrollHeight - scrollTop - clientHeight < NEAR_PX
  }

  #toBottom(): void {
    this.#newer.hidden = true
    // After the microtask that draws what was just written.
    requestAnimationFrame(() => (this.#log.scrollTop = this.#log.scrollHeight))
  }

  // --- drawing ---

  #render(): void {
    const chat = this.#chat
    const config = chat.state.config
    const color = COLOR ?? config?.color ?? '#4f46e5'
    set(this.#host, { 'data-side': config?.position, 'data-theme': THEME, dir: document.documentElement.dir || undefined })
    this.#host.style.setProperty('--p', color)
    this.#host.style.setProperty('--on', inkOn(color))
    this.#host.style.setProperty('--p2', `color-mix(in srgb, ${color} 70%, var(--fg))`)
    this.#title.textContent = config?.title ?? T.open
    this.#subtitle.textContent = config ? T[config.reply_time] : ''
    this.#subtitle.className = config?.online && chat.connected ? 'on' : ''
    this.#trouble.hidden = !chat.trouble
    if (chat.trouble && this.#trouble.textContent !== chat.trouble) this.#trouble.textContent = chat.trouble
    this.#wants.hidden = !config?.preferences
    this.#renderLaunch()
    this.#renderTyping()
    if (config?.greetings && !this.#greets) {
      this.#greets = true
      void this.more().then(({ greet }) => greet(chat, this.#launch, () => this.toggle(true)))
    }
    if (this.#open) {
      this.#renderLog()
      this.#size()
    }
  }

  #renderLaunch(): void {
    const { unread } = this.#chat
    this.#badge.hidden = !unread || this.#open
    this.#badge.textContent = unread > 9 ? '9+' : String(unread)
    const name = this.#open ? T.close : unread ? `${T.open} (${unread} ${T.unread})` : T.open
    set(this.#launch, { 'aria-label': name, title: name, 'aria-expanded': String(this.#open) })
    const picture = this.#open ? 'down' : 'chat'
    if (this.#launch.dataset.icon === picture) return
    this.#launch.dataset.icon = picture
    this.#launch.querySelector('svg')?.replaceWith(icon(picture))
  }

  #renderTyping(): void {
    const name = this.#chat.typingName
    const shown = this.#typing.dataset.name ?? null
    if (name === shown) return
    if (name === null) delete this.#typing.dataset.name
    else this.#typing.dataset.name = name
    const dots = h('span', { class: 'dots', 'aria-hidden': 'true' }, h('i'), h('i'), h('i'))
    this.#typing.replaceChildren(...(name === null ? [] : [dots, `${name || T.someone} ${T.typing}`]))
  }

  #rows(): Row[] {
    const chat = this.#chat
    const greeting = chat.state.config?.greeting
    const rows: Row[] = [
      ...chat.messages.map(ofMessage),
      ...[...chat.waiting.map(ofWaiting), ...chat.uploads.map(ofUpload)].sort((one, other) => one.at - other.at),
    ]
    if (greeting && !chat.hasEarlier && rows[0]?.mine !== false) rows.unshift({ key: 'greeting', at: rows[0]?.at ?? Date.now(), mine: false, name: null, content: { type: 'text', text: greeting }, quote: null })
    rows.forEach((row, index) => {
      const before = rows[index - 1]
      row.first = !before || before.mine !== row.mine || before.name !== row.name || row.at - before.at > GROUP_MS
      const type = row.content?.type
      if (type === 'buttons' || type === 'list') {
        const choice = rows.find((other) => other.content?.type === 'choice' && other.quote?.id === row.message?.id)?.content
        if (choice?.type === 'choice') row.chosen = choice.title
      }
    })
    const last = rows.findLast((row) => row.mine && row.content?.type !== 'details')
    if (last && !last.failed) last.tick = last.waiting ? T.waiting : last.message && chat.wasRead(last.message) ? T.seen : T.sent
    return rows
  }

  #renderLog(): void {
    const rows = this.#rows()
    const stick = this.#nearBottom
    const { scrollHeight, scrollTop } = this.#log
    const wanted: HTMLElement[] = this.#chat.hasEarlier ? [this.#older] : []
    if (!wanted.length) this.#older.remove()
    const keys = new Set<string>()
    let day = ''
    let news = false
    for (const row of rows) {
      const today = new Date(row.at).toDateString()
      if (today !== day && row.key !== 'greeting') {
        day = today
        wanted.push(this.#piece(`day ${today}`, today, () => h('div', { class: 'day', role: 'separator' }, dayName(row.at))))
        keys.add(`day ${today}`)
      }
      keys.add(row.key)
      const isNew = !this.#drawn.has(row.key)
      const element = this.#piece(row.key, signature(row), () => draw(row, this.#chat, { quote: (quoted) => this.#answer(quoteOf(quoted)), more: () => this.more() }))
      if (isNew && row.at > Date.now() - 5_000) element.classList.add('fresh')
      news ||= isNew && !row.mine && row.at > this.#newestAt
      wanted.push(element)
    }
    for (const [key, { element }] of this.#drawn) {
      if (keys.has(key)) continue
      element.remove()
      this.#drawn.delete(key)
    }
    this.#renderCard(wanted, rows.length)
    wanted.forEach((element, index) => {
      if (this.#log.children[index] !== element) this.#log.insertBefore(element, this.#log.children[index] ?? null)
    })
    const oldest = rows[0]?.at ?? 0
    this.#newestAt = rows.at(-1)?.at ?? 0
    if (stick) this.#toBottom()
    // What came above pushes nothing down.
    else if (oldest < this.#oldestAt) this.#log.scrollTop = scrollTop + this.#log.scrollHeight - scrollHeight
    else if (news) this.#newer.hidden = false
    this.#oldestAt = oldest
  }

  /** The element of this key, drawn again only if its signature has changed. */
  #piece(key: string, sign: string, make: () => HTMLElement): HTMLElement {
    const known = this.#drawn.get(key)
    if (known?.signature === sign) return known.element
    const element = make()
    if (known) {
      const focused = (this.#log.getRootNode() as ShadowRoot).activeElement
      const name = known.element.contains(focused) ? focused?.getAttribute('aria-label') : null
      known.element.replaceWith(element)
      if (name) element.querySelector<HTMLElement>(`[aria-label="${window.CSS.escape(name)}"]`)?.focus()
    }
    this.#drawn.set(key, { element, signature: sign })
    return element
  }

  /** Before the first message: search in the help centre. After it: how can we reach you? Never in front of it. */
  #renderCard(wanted: HTMLElement[], said: number): void {
    // The greeting is always there.
    const help = said < 2 && this.#chat.state.config?.help
    const kind = this.#chat.asks.length || help
    if (kind !== this.#kind) this.#card = void this.#card?.remove()
    this.#kind = kind
    if (this.#card) wanted.push(this.#card)
    else if (kind)
      void this.more().then(({ card }) => {
        this.#card ??= card(this.#chat.asks, help, (values) => {
          this.#chat.introduce(values)
          this.#input.focus()
        })
        this.update()
      })
  }
}

function quoteOf(row: Row): Quote {
  const { content } = row
  const text = !content ? '' : 'text' in content ? content.text : content.type === 'media' ? content.caption || T[content.media.kind] : T.messages
  return { id: row.message?.id ?? null, text, name: row.name }
}

function dayName(at: number): string {
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 86_400_000)
  if (days === 0) return T.today
  if (days === 1) return T.yesterday
  return new Date(at).toLocaleDateString(undefined, { weekday: 'long', day: 'numeric', month: 'long' })
}
