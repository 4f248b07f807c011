/** The shapes of the HTTP and websocket contract. Times are ISO 8601 in UTC, ids are opaque. */

export type Channel = 'whatsapp' | 'sms' | 'telegram' | 'livechat'
export type Role = 'owner' | 'admin' | 'supervisor' | 'agent' | 'marketer' | 'readonly'
export type Presence = 'online' | 'away' | 'offline'

export type Permission =
  | 'inbox.read'
  | 'inbox.reply'
  | 'inbox.manage'
  | 'contacts.read'
  | 'contacts.write'
  | 'accounts.read'
  | 'accounts.manage'
  | 'members.read'
  | 'members.manage'
  | 'templates.read'
  | 'templates.manage'
  | 'audit.read'
  | 'tokens.manage'
  | 'workspace.manage'

export interface Page<T> {
  items: T[]
  next_cursor: string | null
  total?: number | null
}

export interface Problem {
  type: string
  title: string
  status: number
  code: string
  detail: string
  errors?: FieldProblem[]
  retry_after_seconds?: number
}

export interface FieldProblem {
  field: string
  message: string
}

// --- people of the workspace ---

export interface Preferences {
  theme?: 'light' | 'dark' | 'auto'
  enter_sends?: boolean
  sound?: boolean
  desktop_notifications?: boolean
  single_key_shortcuts?: boolean
}

export interface Member {
  id: string
  name: string
  email: string
  role: Role
  avatar_hue: number
  totp_enabled: boolean
  status: 'active' | 'disabled'
  presence: Presence
  last_seen_at: string | null
  preferences?: Preferences
}

export interface Me {
  member: Member
  workspace: { id: string; name: string }
  csrf: string
  permissions: Permission[]
  demo: boolean
  demo_phone_url: string | null
  version: string
}

export interface Session {
  id: string
  current: boolean
  created_at: string
  last_seen_at: string
  ip: string
  user_agent: string
}

export interface Invitation {
  id: string
  email: string
  role: Role
  link?: string
  created_at: string
  expires_at: string
}

export interface InvitationOffer {
  email: string
  role: Role
  workspace_name: string
}

export interface ApiToken {
  id: string
  name: string
  scopes: Permission[]
  token?: string
  created_at?: string
  last_used_at?: string | null
}

export interface AuditItem {
  id: string
  at: string
  actor: { type: string; id: string; name: string }
  action: string
  target: { type: string; id: string; label: string }
  detail: unknown
  ip: string | null
}

// --- inbox ---

export type View = 'open' | 'mine' | 'unassigned' | 'closed'
export type ConversationState = 'open' | 'pending' | 'snoozed' | 'closed'

export interface Counts {
  open: number
  mine: number
  unassigned: number
  closed: number
  unread: number
}

/** A channel on which a person can be answered, as it stands now. */
export interface Reach {
  account_id: string
  account_name: string
  channel: Channel
  address: string
  label: string
  last_inbound_at: string | null
  /** null when the channel has no reply window */
  window_closes_at: string | null
  window_open: boolean
  blocked: null | 'opted_out' | 'blocked' | 'account_disabled'
  blocked_reason: string | null
}

export interface ContactSummary {
  id: string
  name: string
  avatar_hue: number
  avatar_file_id: string | null
}

export interface Conversation {
  id: string
  contact_id: string
  contact: ContactSummary
  queue: { id: string; name: string }
  state: ConversationState
  assignee_id: string | null
  unread: number
  last_number: number
  last_activity_at: string
  revision: number
  last_entry: EntrySummary | null
  /** the first is the default: the one last written on */
  reach: Reach[]
}

export type EntryKind = 'message' | 'note' | 'event' | 'consent' | 'tombstone'
export type Direction = 'in' | 'out'
export type MessageStatus =
  | 'queued'
  | 'sending'
  | 'sent'
  | 'delivered'
  | 'read'
  | 'failed'
  | 'skipped'
  | 'cancelled'
  | 'unknown'

export interface EntrySummary {
  id: string
  number: number
  kind: EntryKind
  direction: Direction | null
  text: string
  content_type: string | null
  channel: Channel | null
  status: MessageStatus | null
  author_name: string | null
  at: string
}

export interface Author {
  type: 'contact' | 'member' | 'bot' | 'system' | 'phone_app'
  id: string | null
  name: string | null
}

export interface Reaction {
  by: string
  name: string | null
  emoji: string
}

export interface EntryError {
  code: string | null
  message: string | null
  provider_code: string | null
  can_resend: boolean
}

export interface Quote {
  entry_id: string | null
  text: string
  author_name: string | null
}

export interface EntryEvent {
  name: string
  [detail: string]: unknown
}

export interface Entry {
  id: string
  contact_id: string
  conversation_id: string | null
  number: number
  revision: number
  at: string
  /** where it stands in the thread; for a message that was held up, when it was written */
  order_at?: string
  kind: EntryKind
  direction: Direction | null
  channel: Channel | null
  account_id: string | null
  address: string | null
  author: Author | null
  content: Content | null
  reply_to: Quote | null
  reactions: Reaction[]
  edited_at: string | null
  deleted_at: string | null
  status: MessageStatus | null
  status_times: Partial<Record<MessageStatus, string>> | null
  error: EntryError | null
  client_id: string | null
  purpose: string | null
  event: EntryEvent | null
  referral: Record<string, unknown> | null
  forwarded?: boolean
}

export type MediaKind = 'image' | 'video' | 'audio' | 'voice' | 'document' | 'sticker'

export interface Media {
  kind: MediaKind
  state: 'pending' | 'ready' | 'failed'
  error: string | null
  file_id: string | null
  url: string | null
  thumb_url: string | null
  name: string | null
  mime: string | null
  bytes: number | null
  width: number | null
  height: number | null
  duration_seconds: number | null
}

export interface ReplyButton {
  id: string
  title: string
}

export interface ListRow {
  id: string
  title: string
  description?: string | null
}

export interface ListSection {
  title: string | null
  rows: ListRow[]
}

export interface TemplatePreview {
  header?: string | null
  body: string
  footer?: string | null
  buttons?: (string | { title?: string; text?: string; type?: string })[] | null
}

export interface TemplateParameters {
  header?: Record<string, string>
  header_file_id?: string
  body?: Record<string, string>
  buttons?: Record<string, string>
}

export interface SharedContact {
  name: string
  phones: string[]
  emails: string[]
}

export interface OrderItem {
  product_id: string
  quantity: number
  price?: string | null
  currency?: string | null
}

export type Content =
  | { type: 'text'; text: string }
  | { type: 'media'; media: Media; caption: string | null }
  | { type: 'location'; latitude: number; longitude: number; name?: string | null; address?: string | null }
  | { type: 'contacts'; contacts: SharedContact[] }
  | { type: 'buttons'; text: string; header?: string | null; footer?: string | null; buttons: ReplyButton[] }
  | { type: 'list'; text: string; header?: string | null; footer?: string | null; button: string; sections: ListSection[] }
  | { type: 'link_button'; text: string; label: string; url: string }
  | { type: 'location_request'; text: string }
  | { type: 'contact_request'; text: string }
  | { type: 'template'; name: string; language: string; parameters: TemplateParameters; preview?: TemplatePreview | null }
  | { type: 'choice'; id: string; title: string; description?: string | null }
  | { type: 'order'; text?: string | null; items: OrderItem[] }
  | { type: 'form_reply'; name?: string | null; values: Record<string, unknown> }
  | { type: 'unsupported'; what: string; detail?: string | null }

/** What is posted to send: media goes by the id of an uploaded file. */
export type OutgoingContent =
  | { type: 'text'; text: string }
  | { type: 'media'; media: { file_id: string; kind: MediaKind; name?: string | null }; caption: string | null }
  | Extract<Content, { type: 'buttons' | 'list' | 'link_button' | 'template' | 'location' }>

export interface OutgoingMessage {
  client_id: string
  account_id: string
  address: string
  content: OutgoingContent
  reply_to_entry_id?: string
  purpose?: 'service'
}

export interface StoredFile {
  file_id: string
  name: string
  mime: string
  bytes: number
  url: string
  thumb_url: string | null
  width: number | null
  height: number | null
}

// --- contacts ---

export type ConsentState = 'unknown' | 'granted' | 'withdrawn' | 'blocked'

export interface ContactAddress {
  address: string
  channel: Channel
  label: string
  verified: boolean
  last_inbound_at: string | null
  consent: { service: ConsentState; transactional: ConsentState; marketing: ConsentState }
}

export interface Contact {
  id: string
  name: string
  avatar_hue: number
  language: string | null
  notes: string | null
  created_at: string
  addresses: ContactAddress[]
  conversations: { id: string; state: ConversationState }[]
  last_number: number
}

export interface ConsentFact {
  at: string
  channel: Channel
  address: string
  purpose: string
  state: ConsentState
  source: string
  wording: string | null
  evidence: unknown
}

// --- channels ---

export interface MediaLimit {
  max_bytes: number
  mimes: string[]
}

export interface Capabilities {
  max_text_chars: number
  window_hours: number | null
  templates: boolean
  buttons: { max: number; title_chars: number } | null
  list: { max_rows?: number; title_chars?: number } | null
  media: Partial<Record<MediaKind, MediaLimit>>
  reactions: 'full' | 'in' | 'none'
  quotes: boolean
  typing: boolean
  read_receipts_in: boolean
  delivery_receipts: boolean
  segments: boolean
  location: boolean
  edit?: boolean
  delete?: boolean
}

export interface ChannelField {
  name: string
  label: string
  help: string
  placeholder: string
  secret: boolean
  required: boolean
  type: 'text' | 'password' | 'url' | 'select' | 'origins' | 'color' | 'boolean'
  /** value and label */
  options: [string, string][]
  default: unknown
}

export interface ChannelKind {
  kind: Channel
  label: string
  tagline: string
  can_register_webhook: boolean
  has_templates: boolean
  fields: ChannelField[]
  /** made by the server for their owner to copy */
  made_secrets: { name: string; label: string; help: string }[]
  capabilities: Capabilities
}

export interface AccountHealth {
  state: 'ok' | 'warning' | 'error' | 'new'
  summary: string
  last_webhook_at: string | null
  last_send_at: string | null
  last_error: null | { at: string | null; code: string | null; message: string | null }
  token_expires_at: string | null
  quality: string | null
  limits: string | null
  checked_at: string | null
  webhook_registered_at: string | null
}

export interface Account {
  id: string
  kind: Channel
  name: string
  address: string
  address_label: string
  enabled: boolean
  config: Record<string, unknown>
  capabilities: Capabilities
  webhook_url: string | null
  verify_token: string | null
  snippet: string | null
  health: AccountHealth
}

export interface TemplateVariable {
  where: 'header' | 'body' | 'button'
  key: string
  index?: number | null
  example: string | null
}

export interface Template {
  id: string
  account_id: string
  name: string
  language: string
  category: string
  status: string
  quality: string | null
  rejected_reason?: string | null
  /** IMAGE, VIDEO or DOCUMENT when a file stands above the text */
  header_format?: string | null
  components: unknown[]
  variables: TemplateVariable[]
  preview: TemplatePreview
}

// --- websocket ---

export type NumberedEvent =
  | { n: number; type: 'entry'; data: { entry: Entry; conversation: Conversation | null } }
  | { n: number; type: 'conversation'; data: Conversation }
  | { n: number; type: 'account'; data: Account }
  | { n: number; type: 'member'; data: Member }
  | { n: number; type: 'contact'; data: { id: string } & Partial<Contact> }
  | { n: number; type: 'templates'; data: { account_id: string } }

export interface TypingEvent {
  type: 'typing'
  data: { conversation_id: string; by: string; name: string; on: boolean; text?: string | null }
}

export interface PresenceEvent {
  type: 'presence'
  data: { member_id: string; presence: Presence; viewing: string | null }
}

export type ServerFrame =
  | { type: 'welcome'; cursor: string; resumed: boolean }
  | { type: 'reload' }
  | { type: 'signed_out' }
  | { type: 'pong' }
  | NumberedEvent
  | TypingEvent
  | PresenceEvent

export type ClientFrame =
  | { type: 'hello'; cursor: string | null }
  | { type: 'viewing'; conversation_id: string | null }
  | { type: 'typing'; conversation_id: string; account_id: string; address: string; on: boolean }
  | { type: 'presence'; presence: 'online' | 'away' }
  | { type: 'ping' }
