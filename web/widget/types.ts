/** What goes over the socket (see channels/livechat/README.md), and what the widget keeps. */

export interface Media {
  kind: 'image' | 'video' | 'audio' | 'voice' | 'document' | 'sticker'
  name: string | null
  mime: string | null
  bytes: number | null
  width: number | null
  height: number | null
  url: string | null
  thumb_url: string | null
  duration_seconds?: number | null
}

export interface Option {
  id: string
  title: string
  description?: string
}

export type Content =
  | { type: 'text'; text: string }
  | { type: 'media'; media: Media; caption?: string | null }
  | { type: 'buttons'; text: string; header?: string; footer?: string; buttons: Option[] }
  | { type: 'list'; text: string; header?: string; footer?: string; sections: { title?: string; rows: Option[] }[] }
  | { type: 'link_button'; text: string; label: string; url: string }
  | { type: 'location'; latitude: number; longitude: number; name?: string; address?: string }
  | { type: 'choice'; id: string; title: string }
  | { type: 'details'; values: { name?: string; email?: string } }

export interface Quote {
  id: string | null
  text: string
  name: string | null
}

/** A message as the server tells it; `seen`: the server knows that this visitor has seen it. */
export interface Message {
  id: string
  thread: string
  seq: number
  revision: number
  client_id: string | null
  from: 'visitor' | 'agent'
  name: string | null
  at: string
  content: Content | null
  reply_to: Quote | null
  reactions: { emoji: string; mine: boolean }[]
  edited: boolean
  deleted: boolean
  seen: boolean
}

/** What the visitor wrote and the server has not confirmed. `shown` is how it looks meanwhile. */
export interface Waiting {
  frame: { type: 'message' | 'details'; client_id: string } & Record<string, unknown>
  at: number
  shown: Content
  quote?: Quote
  failed?: string
  /** Came too fast: it is sent again by a timer. */
  held?: boolean
}

export interface Config {
  title: string
  greeting: string
  color: string
  position: 'start' | 'end'
  reply_time: 'minutes' | 'hours' | 'day'
  prechat: ('name' | 'email')[]
  /** where articles are searched; empty: there are none */
  help?: string
  max_upload_bytes?: number
  max_text_chars?: number
  typing_seconds?: number
  online?: boolean
  greetings?: Greetings | null
  /** where somebody who is known settles what they get */
  preferences?: string
}

/** What the widget may say by itself: `url` is asked whether a rule that fits may be shown now. */
export interface Greetings {
  url: string
  rules: Rule[]
}

export interface Rule {
  id: string
  pages: { how: 'contains' | 'equals' | 'glob'; value: string }[]
  seconds: number
  scroll: number
  leaving: boolean
  visitors: 'all' | 'first' | 'returning'
  often: 'visitor' | 'visit' | 'days'
  days: number
}

/** What is known of one browser's visits, in milliseconds: when they began, and when which greeting was shown. */
export interface Visits {
  first: number
  began: number
  last: number
  shown: Record<string, number>
}

export type Identity = string | { user_id: string; user_hash: string }

export type ServerFrame =
  | {
      type: 'welcome'
      token: string | null
      fresh: boolean
      signed_in: boolean
      now: number
      config: Config
      threads: Record<string, { cursor: number; read: number; complete: boolean }>
      messages: Message[]
    }
  | ({ type: 'message' } & Message)
  | { type: 'stored'; client_id: string; id: string; at: number }
  | { type: 'earlier'; thread: string; messages: Message[]; next: number }
  | { type: 'read'; thread: string; up_to: number }
  | { type: 'typing'; name: string; on: boolean }
  | { type: 'pong'; now: number }
  | { type: 'error'; code: string; client_id?: string | null; retry_after_seconds?: number; message?: string }
