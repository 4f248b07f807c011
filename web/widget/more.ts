/**
 * The second script, `widget-more.js`: what most visitors never need, loaded when it is first asked for. It does not
 * know the script tag, and of the chat what it is handed; the widget takes back elements and values.
 */

import { h, icon, iconButton, link, linked, set } from './dom.ts'
import { CSS } from './more-look.ts'
import type { Greetings, Identity, Message, Option, Rule, Visits } from './types.ts'

const ENGLISH = {
  cancel: 'Cancel',
  send: 'Send',
  emoji: 'Emoji',
  react: 'React',
  voice: 'Voice message',
  recording: 'Recording',
  micAsk: 'Let your browser use the microphone…',
  micDenied: 'Your browser does not let this page use the microphone. Allow it beside the page’s address, then try again.',
  micMissing: 'No microphone was found.',
  micFailed: 'The microphone cannot be used right now. Please try again.',
  micLimit: 'A voice message can be five minutes long. This one is ready to be sent.',
  location: 'Location',
  locationAsk: 'Share where you are now? It is sent once, as a point on a map.',
  locationShare: 'Share',
  locationWait: 'Finding out where you are…',
  locationDenied: 'Your browser does not let this page know where you are. Allow it beside the page’s address, then try again.',
  locationFailed: 'Your device cannot tell where it is right now. Please try again.',
  askDetails: 'How can we reach you if you leave?',
  name: 'Your name',
  email: 'Your e-mail',
  save: 'Save',
  skip: 'No, thanks',
  help: 'Search for an answer',
  search: 'Search',
  nothing: 'Nothing found. Write to us below.',
  offline: 'You are offline. Please try again.',
  dismiss: 'Dismiss',
  answer: 'Write an answer',
}
type Words = typeof ENGLISH
/** Those of the widget, and what the page says of ours: `data-i18n` may hold any of them. */
let T: Words = ENGLISH

/** Something in the composer's place. `end` is called when it goes, by itself or because the window was closed. */
export interface Bar {
  element: HTMLElement
  end(): void
}

export function begin(words: Partial<Words>, root: ShadowRoot): void {
  T = { ...ENGLISH, ...words }
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(CSS)
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]
}

// --- files ---

/**
 * The upload's id. XMLHttpRequest, because fetch does not tell how far an upload is. Rejects with the status when
 * trying again would not help, with 0 when it may.
 */
export function upload(file: File, url: string, token: string, progress: (share: number) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', url)
    request.setRequestHeader('x-visitor-token', token)
    request.timeout = 120_000
    request.upload.onprogress = (event) => progress(event.total ? event.loaded / event.total : 0)
    request.onload = () => {
      if (request.status === 201) resolve((JSON.parse(request.responseText) as { upload_id: string }).upload_id)
      else reject([413, 415, 422].includes(request.status) ? request.status : 0)
    }
    request.onerror = request.ontimeout = () => reject(0)
    const form = new FormData()
    form.append('file', file, file.name)
    request.send(form)
  })
}

// --- a voice message ---

const MOST_SECONDS = 300
const BARS = 28
const EVERY_MS = 100
/** What browsers record, and how such a file is called; the first that this one can. */
const FORMATS = [
  ['audio/webm;codecs=opus', 'webm'],
  ['audio/ogg;codecs=opus', 'ogg'],
  ['audio/mp4', 'm4a'],
] as const

/** Records until it is sent or given up; the microphone is let go either way. */
export function record(done: (file: File, seconds: number) => void, gone: () => void): Bar {
  const time = h('span', { class: 'time' }, '0:00')
  const levels = h('span', { class: 'levels', 'aria-hidden': 'true' }, ...Array.from({ length: BARS }, () => h('i')))
  const words = h('span', { class: 'words', role: 'status' }, T.micAsk)
  const send = h('button', { type: 'button', class: 'icon send', 'aria-label': T.send, title: T.send, hidden: true }, icon('send'))
  const element = bar(T.voice, () => end(), iconButton('close', T.cancel, () => end()), words, levels, time, send)
  const chunks: Blob[] = []
  let stream: MediaStream | null = null
  let sound: AudioContext | null = null
  let recorder: MediaRecorder | null = null
  let timer = 0
  let startedAt = 0
  let seconds = 0
  let over = false

  set(levels, { hidden: true })
  time.hidden = true

  function end(): void {
    if (over) return
    over = true
    silence()
    gone()
  }

  function silence(): void {
    clearInterval(timer)
    stream?.getTracks().forEach((track) => track.stop())
    void sound?.close()
    sound = null
  }

  function say(text: string): void {
    words.textContent = text
    set(words, { class: 'words' })
  }

  async function start(): Promise<void> {
    stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true } })
    // Given up while the browser was asking.
    if (over) return silence()
    const format = FORMATS.find(([type]) => MediaRecorder.isTypeSupported(type))
    recorder = new MediaRecorder(stream, { ...(format && { mimeType: format[0] }), audioBitsPerSecond: 32_000 })
    recorder.ondataavailable = (event) => event.data.size && chunks.push(event.data)
    const level = listen(stream)
    recorder.start(1_000)
    startedAt = performance.now()
    say(T.recording)
    // The time and the level tell it to the eye.
    set(words, { class: 'unseen' })
    element.classList.add('on')
    levels.hidden = time.hidden = send.hidden = false
    send.focus()
    send.onclick = () => void finish(format?.[1] ?? 'audio')
    timer = window.setInterval(() => {
      seconds = (performance.now() - startedAt) / 1_000
      time.textContent = `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
      levels.append(levels.firstElementChild!)
      ;(levels.lastElementChild as HTMLElement).style.transform = `scaleY(${Math.max(0.08, level())})`
      if (seconds >= MOST_SECONDS) pause()
    }, EVERY_MS)
  }

  function pause(): void {
    recorder?.stop()
    silence()
    element.classList.remove('on')
    levels.hidden = true
    say(T.micLimit)
  }

  async function finish(suffix: string): Promise<void> {
    if (over || !recorder) return
    seconds = Math.min(seconds, MOST_SECONDS)
    if (recorder.state !== 'inactive') {
      const stopped = new Promise((resolve) => recorder!.addEventListener('stop', resolve))
      recorder.stop()
      await stopped
    }
    const type = recorder.mimeType.replace(/;.*/, '')
    const file = new File(chunks, `voice-message.${suffix}`, { type })
    end()
    if (file.size) done(file, Math.round(seconds * 10) / 10)
  }

  /** How loud it has been since it was last asked, 0 to 1, as an ear tells it. */
  function listen(from: MediaStream): () => number {
    sound = new AudioContext()
    const analyser = sound.createAnalyser()
    analyser.fftSize = 4_096
    sound.createMediaStreamSource(from).connect(analyser)
    const wave = new Uint8Array(analyser.fftSize)
    return () => {
      analyser.getByteTimeDomainData(wave)
      const loudest = wave.reduce((most, value) => Math.max(most, Math.abs(value - 128)), 0)
      return Math.sqrt(loudest / 128)
    }
  }

  start().catch((error: unknown) => {
    silence()
    const name = error instanceof DOMException ? error.name : ''
    if (name === 'NotAllowedError' || name === 'SecurityError') say(T.micDenied)
    else say(name === 'NotFoundError' ? T.micMissing : T.micFailed)
  })
  return { element, end }
}

// --- where they are ---

/** Asks first, in words: the browser's own question says nothing about what happens with the answer. */
export function locate(done: (latitude: number, longitude: number) => void, gone: () => void): Bar {
  const words = h('span', { class: 'words', role: 'status' }, T.locationAsk)
  const share = h('button', { type: 'button', class: 'share' }, T.locationShare)
  const element = bar(T.location, () => end(), iconButton('close', T.cancel, () => end()), words, share)
  let over = false

  function end(): void {
    if (over) return
    over = true
    gone()
  }

  share.onclick = () => {
    share.hidden = true
    words.textContent = T.locationWait
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        if (over) return
        end()
        // A hundred thousandth of a degree is a metre; more would be invented.
        done(round(coords.latitude), round(coords.longitude))
      },
      (error) => {
        words.textContent = error.code === error.PERMISSION_DENIED ? T.locationDenied : T.locationFailed
        share.hidden = error.code === error.PERMISSION_DENIED
        if (!share.hidden) share.focus()
      },
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 },
    )
  }
  queueMicrotask(() => share.focus())
  return { element, end }
}

const round = (degrees: number): number => Math.round(degrees * 1e5) / 1e5

function bar(name: string, end: () => void, ...inside: HTMLElement[]): HTMLElement {
  const element = h('div', { class: 'compose bar', role: 'group', 'aria-label': name }, ...inside)
  element.onkeydown = (event) => {
    if (event.key !== 'Escape') return
    event.stopPropagation()
    end()
  }
  return element
}

// --- emoji ---

const REACTIONS = '👍 ❤️ 😂 😮 😢 🙏'
const EMOJI =
  '😀 😃 😄 😁 😆 😅 😂 🤣 🙂 🙃 😉 😊 😇 🥰 😍 🤩 😘 😗 😋 😛 😜 🤪 🤗 🤭 🤫 🤔 🤐 😐 😶 😏 😒 🙄 😬 😌 😔 😪 😴 😷 🤒 🤕 🤧 🥵 🥶 ' +
  '🥴 😵 🤯 🥳 😎 🤓 😕 😟 🙁 😮 😯 😲 😳 🥺 😨 😰 😢 😭 😱 😞 😩 😤 😡 😠 🤬 💀 💩 👻 👍 👎 👌 🤞 ✌️ 🤙 👈 👉 👆 👇 ✋ 👋 👏 🙌 🤝 🙏 💪 ' +
  '👀 ❤️ 🧡 💛 💚 💙 💜 🖤 💔 💯 🔥 ✨ ⭐ 🎉 🎁 🎂 ☀️ 🌧️ ❄️ 🌈 🌹 🌷 🌳 🐶 🐱 ☕ 🍕 🍔 🍎 🍺 🥂 🚗 🚚 ✈️ 🏠 📦 📷 📱 💻 💡 🔋 🔧 🔑 📅 📍 💳 💰 🛒 ⏰ ✅ ❌ ❓ ❗'

/** To choose one from: a few for a reaction, or many for a text. */
export function emojis(few: boolean, chosen: (emoji: string) => void, end: () => void): HTMLElement {
  const buttons = (few ? REACTIONS : EMOJI).split(' ').map((emoji) => {
    const button = h('button', { type: 'button' }, emoji)
    button.onclick = () => {
      end()
      chosen(emoji)
    }
    return button
  })
  const menu = h('div', { class: few ? 'emoji' : 'emoji all', role: 'group', 'aria-label': few ? T.react : T.emoji }, ...buttons)
  menu.onkeydown = (event) => {
    if (event.key !== 'Escape') return
    event.stopPropagation()
    end()
  }
  queueMicrotask(() => buttons[0]?.focus())
  return menu
}

/** Opens the emoji beside a text, or closes them. */
export function pick(input: HTMLTextAreaElement, button: HTMLButtonElement): void {
  const compose = input.form!
  const end = (): void => {
    shown()?.remove()
    set(button, { 'aria-expanded': 'false' })
    input.focus()
  }
  const shown = (): Element | null => compose.parentElement!.querySelector('.emoji.all')
  if (shown()) return end()
  const put = (emoji: string): void => {
    input.setRangeText(emoji, input.selectionStart, input.selectionEnd, 'end')
    input.dispatchEvent(new Event('input'))
  }
  compose.before(emojis(false, put, end))
  set(button, { 'aria-expanded': 'true' })
}

// --- who they are ---

/** After the first message: how can we reach you? Before it, when nothing is asked: a search in the help centre. */
export function card(asks: ('name' | 'email')[], where: string | false | undefined, done: (values: { name?: string; email?: string }) => void): HTMLElement {
  if (!asks.length) return beginning(where || '')
  const inputs = asks.map((field) =>
    h('input', {
      name: field,
      type: field === 'email' ? 'email' : 'text',
      autocomplete: field,
      placeholder: T[field],
      'aria-label': T[field],
      maxlength: '100',
    }),
  )
  const skip = h('button', { type: 'button' }, T.skip)
  const form = h('form', { class: 'card' }, h('p', {}, T.askDetails), ...inputs, h('div', {}, h('button', { type: 'submit' }, T.save), skip))
  form.onsubmit = (event) => {
    event.preventDefault()
    done(Object.fromEntries(inputs.map((input) => [input.name, input.value.trim()])))
  }
  skip.onclick = () => done({})
  return form
}

// --- before the first message ---

/** A search in the help centre, a form to sign up with, or both: `where` says which there are. */
function beginning(where: string): HTMLElement {
  const wanted = /&form=(yes|only)/.exec(where)?.[1]
  const all = h('div', { class: 'cards' }, ...(wanted === 'only' ? [] : [help(where)]))
  if (wanted) void join(all, where)
  return all
}

interface Asked {
  title: string
  intro: string
  agree: string
  language: string
  name: string
  phone: string
  age: string
  send: string
  fine: [string, string][]
}

/** The form by which people agree to marketing, in the words that are kept with their yes; nobody ticks the box for them. */
async function join(into: HTMLElement, where: string): Promise<void> {
  const to = (what: string, language: string): string => `${where.replace('/w/help', `/w/${what}`)}&lang=${encodeURIComponent(language.slice(0, 2))}`
  const found = await fetch(to('form', document.documentElement.lang || navigator.language)).catch(() => null)
  if (!found?.ok) return
  const asked = (await found.json()) as Asked
  const field = (name: string, label: string, type: string): Node[] =>
    label ? [h('input', { name, type, autocomplete: name === 'phone' ? 'tel' : name, placeholder: label, 'aria-label': label, maxlength: '100', required: name === 'phone' })] : []
  const box = (name: string, label: string): Node[] => (label ? [h('label', {}, h('input', { type: 'checkbox', name, value: 'yes', required: true }), h('span', {}, label))] : [])
  const said = h('p', { role: 'status', hidden: true })
  const fine = asked.fine.flatMap(([label, url]) => [link(url, label), ' '])
  const form = h(
    'form',
    { class: 'card join', 'aria-label': asked.title },
    h('p', {}, asked.title),
    asked.intro && h('span', {}, asked.intro),
    ...field('name', asked.name, 'text'),
    ...field('phone', asked.phone, 'tel'),
    ...box('agree', asked.agree),
    ...box('age', asked.age),
    h('div', {}, h('button', { type: 'submit' }, asked.send)),
    h('small', {}, ...fine),
    said,
  )
  form.onsubmit = async (event) => {
    event.preventDefault()
    const body = new URLSearchParams([...new FormData(form)] as [string, string][])
    body.set('page', location.href)
    const answer = await fetch(to('join', asked.language), { method: 'POST', body }).catch(() => null)
    const told = (await answer?.json().catch(() => null)) as { thanks?: string; links?: [string, string][]; detail?: string } | null
    said.hidden = false
    if (!told?.thanks) return void (said.textContent = told?.detail ?? T.offline)
    form.replaceChildren(said, ...told.links!.map(([label, url]) => link(url, label)))
    said.textContent = told.thanks
  }
  into.append(form)
}

// --- the help centre ---

interface Found {
  title: string
  text: string
  url: string
}

/** A search in the site's articles; they open beside the page. */
function help(where: string): HTMLFormElement {
  const input = h('input', { type: 'search', placeholder: T.help, 'aria-label': T.help, maxlength: '200', required: true })
  const list = h('ul')
  const said = h('p', { role: 'status', hidden: true })
  const form = h('form', { class: 'card help', role: 'search' }, h('div', {}, input, h('button', { type: 'submit' }, T.search)), said, list)
  form.onsubmit = async (event) => {
    event.preventDefault()
    const sought = input.value
    const language = document.documentElement.lang || navigator.language
    let items: Found[] = []
    try {
      const answer = await fetch(`${where}&q=${encodeURIComponent(sought)}&lang=${encodeURIComponent(language)}`, { signal: AbortSignal.timeout(8_000) })
      if (answer.ok) items = ((await answer.json()) as { items: Found[] }).items
    } catch {
      // Offline, or too late: the chat is there all the same.
    }
    if (sought !== input.value) return
    said.hidden = items.length > 0
    said.textContent = items.length ? '' : T.nothing
    list.replaceChildren(...items.map(({ title, text, url }) => h('li', {}, link(url, h('b', {}, title)), h('span', {}, text))))
  }
  return form
}

// --- what they get ---

interface Box {
  type: string
  name: string
  value: string
  label: string
  words: string
  checked: boolean
}

interface Offered {
  title: string
  intro: string
  paused: string
  saved: string
  groups: { legend: string; boxes: Box[] }[]
  buttons: [string, string, string][]
}

/** The choices of the preference page, over the conversation until they are closed. */
export function preferences(chat: Host, panel: HTMLElement, button: HTMLElement): void {
  if (panel.querySelector('.wants')) return
  const said = h('p', { role: 'status', class: 'said', tabindex: '-1' })
  const inside = h('div')
  const name = button.getAttribute('aria-label')!
  const end = (): void => {
    all.remove()
    button.focus()
  }
  const all = h('section', { class: 'wants', role: 'group', 'aria-label': name }, iconButton('close', T.cancel, end), said, inside)
  all.onkeydown = (event) => {
    if (event.key !== 'Escape') return
    event.stopPropagation()
    end()
  }

  async function ask(chosen: [string, string][]): Promise<void> {
    const { token, config } = chat.state
    const who = typeof chat.identity === 'string' ? chat.identity : chat.identity ? JSON.stringify(chat.identity) : ''
    const body = new URLSearchParams([['token', token ?? ''], ['identity', who], ['page', location.href], ...chosen])
    const lang = document.documentElement.lang || navigator.language
    const answer = await fetch(`${config!.preferences}&lang=${encodeURIComponent(lang.slice(0, 2))}`, { method: 'POST', body }).catch(() => null)
    const told = (await answer?.json().catch(() => null)) as (Offered & { detail?: string }) | null
    if (!told?.groups) return void (said.textContent = told?.detail ?? T.offline)
    said.textContent = told.saved
    inside.replaceChildren(form(told))
    // What was pressed is gone.
    if (chosen.length) said.focus()
  }

  function form({ title, intro, paused, groups, buttons }: Offered): HTMLElement {
    const fields = groups.map(({ legend, boxes }) => h('fieldset', {}, legend && h('legend', {}, legend), ...boxes.map(box)))
    const made = h(
      'form',
      { class: 'card join' },
      h('p', {}, title),
      h('span', {}, intro),
      paused && h('b', {}, paused),
      ...fields,
      h('div', {}, ...buttons.map(([name, value, text]) => h('button', { type: 'submit', name, value, class: name && 'quiet' }, text))),
    )
    made.onsubmit = (event) => {
      event.preventDefault()
      const { name, value } = event.submitter as HTMLButtonElement
      const asked = groups.some(({ boxes }) => boxes[0]?.name === 'topics')
      const chosen = [...new FormData(made)] as [string, string][]
      void ask([['chosen', 'yes'], ...(name ? [[name, value] as [string, string]] : chosen), ...(asked ? [['asked', 'topics'] as [string, string]] : [])])
    }
    return made
  }

  const box = ({ type, name, value, label, words, checked }: Box): HTMLElement =>
    h('label', {}, type && h('input', { type, name, value, checked }), h('span', {}, words ? h('b', {}, label) : label, words && h('small', {}, words)))

  panel.append(all)
  all.querySelector('button')!.focus()
  void ask([])
}

// --- what is said by itself ---

/** Of the chat, what greeting needs to know and may do. */
interface Host {
  readonly state: {
    token: string | null
    config: { title: string; greetings?: Greetings | null; preferences?: string } | null
    messages: Message[]
    open: boolean
    visits?: Visits
  }
  identity: Identity | null
  choose(message: Message, option: Option): void
}

interface Shown {
  mark: string
  by: string
  text: string
  replies: string[]
  at: number
}

const VISIT_MS = 1_800_000
const DAY_MS = 86_400_000

/** Watches the page until a rule fits, asks whether it may be shown now, and shows it: one greeting on a page at most. */
export function greet(chat: Host, launch: HTMLElement, open: () => void): void {
  const started = Date.now()
  // Asked anew each time: who signs out, or writes in another tab, leaves another state behind.
  const visits = (): Visits => (chat.state.visits ??= { first: started, began: started, last: started, shown: {} })
  if (started - visits().last > VISIT_MS) visits().began = started
  // What is put into it later is read out then.
  const place = h('div', { role: 'status' })
  launch.before(place)
  let address = location.href
  let seconds = 0
  let furthest = 0
  let leaving = false
  let busy = false
  const tried = new Set<string>()

  document.documentElement.addEventListener('mouseleave', ({ clientY }) => {
    leaving ||= clientY <= 0
    void look()
  })
  setInterval(() => {
    visits().last = Date.now()
    if (location.href !== address) {
      address = location.href
      seconds = furthest = 0
      leaving = false
      tried.clear()
      place.replaceChildren()
    }
    if (document.hidden) return
    seconds += 1
    void look()
  }, 1_000)

  async function look(): Promise<void> {
    const { scrollHeight, scrollTop, clientHeight } = document.documentElement
    furthest = Math.max(furthest, ((scrollTop + clientHeight) / scrollHeight) * 100)
    const last = chat.state.messages.at(-1)
    // Who is talking already is not talked to.
    if (busy || place.firstChild || chat.state.open || (last && Date.now() - Date.parse(last.at) < DAY_MS)) return
    busy = true
    for (const rule of chat.state.config?.greetings?.rules ?? []) {
      if (!place.firstChild && !tried.has(rule.id) && fits(rule)) {
        tried.add(rule.id)
        await ask(rule)
      }
    }
    busy = false
  }

  function fits(rule: Rule): boolean {
    const { first, began, shown } = visits()
    const returning = began > first
    const before = shown[rule.id]
    const again = !before || (rule.often === 'visit' && before < began) || (rule.often === 'days' && Date.now() - before > rule.days * DAY_MS)
    return (
      again &&
      seconds >= rule.seconds &&
      furthest >= rule.scroll &&
      (leaving || !rule.leaving) &&
      (rule.visitors === 'all' || (rule.visitors === 'returning') === returning) &&
      (!rule.pages.length || rule.pages.some(isHere))
    )
  }

  async function ask(rule: Rule): Promise<void> {
    const lang = document.documentElement.lang || navigator.language
    const answer = await tell({ id: rule.id, token: chat.state.token, identity: chat.identity, lang })
    if (answer?.status !== 200 || chat.state.open) return
    const shown = (await answer.json()) as Shown
    visits().shown[rule.id] = Date.now()
    place.replaceChildren(bubble(shown))
  }

  const tell = (what: object): Promise<Response | null> =>
    fetch(chat.state.config!.greetings!.url, { method: 'POST', body: JSON.stringify(what), keepalive: true }).catch(() => null)

  function bubble({ mark, by, text, replies, at }: Shown): HTMLElement {
    const name = by || chat.state.config!.title
    const options = replies.map((title, index) => ({ id: `reply-${index}`, title }))
    // Only in this browser, until it is answered.
    const message: Message = {
      id: 'greeting',
      thread: '',
      seq: 0,
      revision: 0,
      client_id: mark,
      from: 'agent',
      name,
      at: new Date(at).toISOString(),
      content: options.length ? { type: 'buttons', text, buttons: options } : { type: 'text', text },
      reply_to: null,
      reactions: [],
      edited: false,
      deleted: false,
      seen: true,
    }
    const take = (option?: Option): void => {
      void tell({ mark })
      const { state } = chat
      state.messages = [...state.messages.filter(({ id }) => id !== message.id), message]
      if (option) chat.choose(message, option)
      place.replaceChildren()
      open()
    }
    const button = (title: string, run: () => void): HTMLElement => {
      const made = h('button', { type: 'button', class: 'option' }, title)
      made.onclick = run
      return made
    }
    const card = h(
      'section',
      { class: 'greeting', 'aria-label': name },
      iconButton('close', T.dismiss, () => place.replaceChildren()),
      h('b', {}, name),
      h('p', { tabindex: '0' }, ...linked(text)),
      h('div', { class: 'options' }, ...options.map((option) => button(option.title, () => take(option))), button(T.answer, () => take())),
    )
    card.onkeydown = (event) => {
      event.stopPropagation()
      if (event.key === 'Escape') place.replaceChildren()
    }
    return card
  }
}

/** Whether a pattern fits the page's address, without what comes after #; capitals and small letters are the same. */
function isHere({ how, value }: Rule['pages'][number]): boolean {
  const here = location.href.replace(/#.*/, '').toLowerCase()
  const wanted = value.toLowerCase()
  if (how === 'contains') return here.includes(wanted)
  if (how === 'equals') return here.replace(/\/$/, '') === wanted.replace(/\/$/, '')
  // Piece by piece: a pattern made into a regular expression could take for ever.
  const [start = '', ...rest] = wanted.split('*')
  const end = rest.pop()
  if (end === undefined) return here === start
  if (!here.startsWith(start) || !here.endsWith(end) || here.length < start.length + end.length) return false
  let from = start.length
  for (const piece of rest) {
    const at = here.indexOf(piece, from)
    if (at < 0) return false
    from = at + piece.length
  }
  return from <= here.length - end.length
}
