/** One row of the conversation: from what is known of a message to elements. */

import { type Chat, type Upload, stale } from './chat.ts'
import { h, icon, iconButton, link, linked } from './dom.ts'
import type { more } from './lazy.ts'
import { T } from './options.ts'
import type { Content, Media, Message, Option, Quote, Waiting } from './types.ts'

/** What a row shows, whether it is stored, waits, or is a file on its way. */
export interface Row {
  key: string
  at: number
  mine: boolean
  name: string | null
  content: Content | null
  quote: Quote | null
  message?: Message
  upload?: Upload
  waiting?: boolean
  failed?: string
  /** First of a group of messages of one person; only it says the name. */
  first?: boolean
  /** Stands under the newest message of the visitor. */
  tick?: string
  chosen?: string
}

/** What a row lets the visitor do. */
export interface Actions {
  quote(row: Row): void
  more: () => ReturnType<typeof more>
}

export function ofMessage(message: Message): Row {
  const { content, reply_to: quote, name } = message
  const mine = message.from === 'visitor'
  return { key: message.client_id ?? message.id, at: Date.parse(message.at), mine, name, content, quote, message }
}

export function ofWaiting(waiting: Waiting): Row {
  const { frame, at, shown, quote, failed } = waiting
  return { key: frame.client_id, at, mine: true, name: null, content: shown, quote: quote ?? null, waiting: true, failed }
}

export function ofUpload(upload: Upload): Row {
  const { clientId, at, failed } = upload
  return { key: clientId, at, mine: true, name: null, content: null, quote: null, upload, waiting: true, failed }
}

/** Changes exactly when the row has to be drawn again. A new link to the same file is no reason to stop its sound. */
export function signature(row: Row): string {
  const { content, message, upload } = row
  const said = content?.type === 'media' ? [content.caption, content.media.name, content.media.url?.slice(0, 4), stale(content.media.url)] : content
  const known = message && [message.id, message.reactions, message.edited, message.deleted]
  return JSON.stringify([said, known, row.waiting, row.failed, row.first, row.tick, row.chosen, upload?.share, row.quote])
}

export function draw(row: Row, chat: Chat, actions: Actions): HTMLElement {
  const element = h('div', { class: classes(row) })
  if (row.first && !row.mine && row.name) element.append(h('span', { class: 'who' }, row.name))
  element.append(bubble(row, chat))
  const reactions = row.message?.reactions ?? []
  if (reactions.length) element.append(reactionsOf(row.message!, chat))
  if (row.failed) element.append(failure(row, chat))
  else if (row.tick || row.message?.edited) {
    const words = [row.message?.edited && !row.message.deleted ? T.edited : '', row.tick ?? ''].filter(Boolean)
    if (words.length) element.append(h('span', { class: 'meta' }, words.join(' · ')))
  }
  if (row.message && !row.mine && !row.message.deleted) element.append(tools(row, element, chat, actions))
  return element
}

function classes(row: Row): string {
  return ['row', row.mine && 'mine', row.first && 'first', row.waiting && 'waiting'].filter(Boolean).join(' ')
}

function bubble(row: Row, chat: Chat): HTMLElement {
  const { content } = row
  if (row.upload) return h('div', { class: row.upload.preview ? 'bubble bare' : 'bubble' }, ...uploading(row.upload))
  if (!content) return h('div', { class: 'bubble soft' }, T.deleted)
  if (content.type === 'details') {
    const values = Object.values(content.values).filter(Boolean).join(' · ')
    return h('div', { class: 'bubble soft' }, `${T.details}: ${values}`)
  }
  const bare = content.type === 'media' && !['document', 'audio', 'voice'].includes(content.media.kind)
  const style = bare ? 'bubble bare' : 'bubble'
  return h('div', { class: style, title: timeOf(row) }, row.quote?.text && content.type !== 'choice' ? quoted(row.quote) : null, ...body(row, content, chat))
}

function timeOf(row: Row): string {
  return new Date(row.at).toLocaleTimeString(undefined, { timeStyle: 'short' })
}

function body(row: Row, content: Content, chat: Chat): (Node | string)[] {
  switch (content.type) {
    case 'text':
      return linked(content.text)
    case 'choice':
      return [content.title]
    case 'media':
      return media(content.media, content.caption ?? '')
    case 'buttons':
      return [...textOf(content), options(row, content.buttons, chat, 'options')]
    case 'list': {
      const rows = content.sections.flatMap((section) => section.rows)
      return [...textOf(content), options(row, rows, chat, 'options list')]
    }
    case 'link_button': {
      const button = link(content.url, content.label)
      button.classList.add('option')
      return [...linked(content.text), h('div', { class: 'options' }, button)]
    }
    case 'location': {
      const { latitude, longitude, name, address } = content
      const url = `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`
      return [card(url, 'pin', name || T.location, address || `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`)]
    }
    default:
      return []
  }
}

function textOf(content: { header?: string; text: string; footer?: string }): (Node | string)[] {
  return [
    ...(content.header ? [h('b', {}, content.header), '\n'] : []),
    ...linked(content.text),
    ...(content.footer ? ['\n', h('small', {}, content.footer)] : []),
  ]
}

function options(row: Row, offered: Option[], chat: Chat, style: string): HTMLElement {
  const buttons = offered.map((option) => {
    const chosen = row.chosen === option.title
    const button = h(
      'button',
      { type: 'button', class: chosen ? 'option chosen' : 'option', disabled: row.chosen !== undefined },
      option.title,
      option.description && h('small', {}, option.description),
    )
    button.onclick = () => chat.choose(row.message!, option)
    return button
  })
  return h('div', { class: style }, ...buttons)
}

function quoted(quote: Quote): HTMLElement {
  return h('span', { class: 'quote' }, h('b', {}, quote.name ?? T.you), quote.text)
}

// --- files ---

function media(file: Media, caption: string): (Node | string)[] {
  const words = caption ? [h('div', { class: 'text' }, ...linked(caption))] : []
  const url = stale(file.url) ? null : file.url
  const name = file.name ?? T[file.kind]
  if (!url) return [card(null, 'file', name, T[file.kind]), ...words]
  switch (file.kind) {
    case 'image':
    case 'sticker': {
      const { width, height } = file
      const size = width && height ? { width: String(width), height: String(height) } : {}
      const picture = h('img', { src: file.thumb_url ?? url, alt: name, decoding: 'async', ...size })
      const around = link(url, picture)
      // The page's policy may not let our pictures in; the file can still be opened.
      picture.onerror = () => around.replaceWith(card(url, 'file', name, sizeOf(file)))
      return [around, ...words]
    }
    case 'video':
      return [player('video', url, name, file), ...words]
    case 'audio':
    case 'voice':
      return [player('audio', url, name, file), ...words]
    default:
      return [card(url, 'file', name, sizeOf(file)), ...words]
  }
}

function player(tag: 'audio' | 'video', url: string, name: string, file: Media): HTMLElement {
  const element = h(tag, { src: url, controls: true, preload: 'metadata', 'aria-label': name, playsinline: true })
  element.onerror = () => element.replaceWith(card(url, 'file', name, sizeOf(file)))
  return element
}

function card(url: string | null, picture: 'file' | 'pin', name: string, detail: string): HTMLElement {
  const inside = [icon(picture), h('span', {}, name, h('small', {}, detail))]
  const element = url ? link(url, ...inside) : h('span', {}, ...inside)
  element.classList.add('file')
  return element
}

function sizeOf(file: Media): string {
  if (!file.bytes) return ''
  const [amount, unit] = file.bytes < 1e6 ? [file.bytes / 1e3, 'kilobyte'] : [file.bytes / 1e6, 'megabyte']
  return new Intl.NumberFormat(undefined, { style: 'unit', unit, maximumFractionDigits: 1 }).format(amount)
}

function uploading(upload: Upload): Node[] {
  const { file, preview, share, failed } = upload
  const shown = preview ? h('img', { src: preview, alt: file.name }) : card(null, 'file', file.name, '')
  if (shown instanceof HTMLImageElement) shown.onerror = () => shown.replaceWith(card(null, 'file', file.name, ''))
  return failed ? [shown] : [shown, h('progress', { max: '1', value: String(share), 'aria-label': T.waiting })]
}

// --- below and beside ---

function reactionsOf(message: Message, chat: Chat): HTMLElement {
  const each = message.reactions.map(({ emoji, mine }) => {
    if (!mine) return h('span', {}, emoji)
    const button = h('button', { type: 'button', class: 'own', 'aria-label': `${T.you}: ${emoji}` }, emoji)
    button.onclick = () => chat.react(message, emoji)
    return button
  })
  return h('div', { class: 'reactions' }, ...each)
}

function failure(row: Row, chat: Chat): HTMLElement {
  const button = h('button', { type: 'button', class: 'meta' }, row.failed)
  // A file that was refused, or a text that is too long, would be refused again: tapping takes it away.
  button.onclick = () => (row.failed === T.failed ? chat.retry(row.key) : chat.discard(row.key))
  return button
}

function tools(row: Row, element: HTMLElement, chat: Chat, actions: Actions): HTMLElement {
  const pick = iconButton('smile', T.react, () => {
    if (element.querySelector('.emoji')) return close()
    void actions.more().then(({ emojis }) => {
      element.append(emojis(true, (emoji) => chat.react(row.message!, emoji), close))
      pick.setAttribute('aria-expanded', 'true')
    })
  })
  const close = (): void => {
    element.querySelector('.emoji')?.remove()
    pick.setAttribute('aria-expanded', 'false')
    pick.focus()
  }
  return h('div', { class: 'tools' }, iconButton('reply', T.reply, () => actions.quote(row)), pick)
}
