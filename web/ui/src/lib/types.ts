/**
 * The contract with the server. What the API describes comes from `schema.ts`, which `python -m web.build` (or, without
 * building, `… --check`) writes from its OpenAPI document: a new type is one alias here. Only what the document does not know is written by hand: the socket's frames,
 * and what the screens themselves keep in free-form fields.
 */

import type * as api from './schema'
import type { Presence } from './schema'

export type { Channel, Permission, Presence } from './schema'

export interface Page<T> {
  items: T[]
  next_cursor: string | null
  total?: number | null
}

/** `newer` comes with `newer_messages`: what the writer had not seen. */
export type Problem = api.Problem & { newer?: Entry[] }
export type Changed = NonNullable<Problem['changed']>[number]
export type FieldProblem = NonNullable<Problem['errors']>[number]

// --- people of the workspace ---

/** What a member chose on these screens; the server keeps it as it is. */
export interface Preferences {
  theme?: 'light' | 'dark' | 'auto'
  enter_sends?: boolean
  /** how long a message can be taken back; 0 or none: it goes at once */
  undo_seconds?: number
  sound?: boolean
  desktop_notifications?: boolean
  single_key_shortcuts?: boolean
  /** what is shown after closing or snoozing the open conversation */
  after_closing?: 'next' | 'stay' | 'list'
  /** into which customers' messages are translated; none: the browser's */
  language?: string
  /** how tall the rows of the conversation list are */
  density?: 'comfortable' | 'compact'
  /** how reports are read; none: in the workspace's zone, by the clock on the wall */
  report_zone?: string
  report_hours?: 'wall' | 'business'
}

export type Member = Omit<api.MemberOut, 'preferences'> & { preferences: Preferences | null }
export type Me = Omit<api.Me, 'member'> & { member: Member }
/** What a page asks first; nobody is signed in when `me` is null. */
export type CurrentSession = { me: Me | null }
export type WorkspaceChoice = NonNullable<Problem['workspaces']>[number]
export type Session = api.SessionOut
export type Role = api.RoleOut
export type RoleScope = Role['scope']
export type RoleMask = Role['masks'][number]
export type Invitation = api.InvitationOut
export type NewInvitation = api.NewInvitation
export type InvitationOffer = api.Offer
export type ApiToken = api.TokenOut
export type NewApiToken = api.NewTokenOut
export type AuditItem = api.AuditItem
export type BlockedContact = api.BlockedShape
export type Metric = api.MetricOut
export type MetricValues = Report['total']
export type Report = api.ReportOut
export type ReportDimension = 'member' | 'team' | 'channel' | 'tag' | 'reason' | 'policy'
/** times by the clock on the wall, or in the hours of the team's calendar */
export type ReportHours = Report['hours']
export type EpisodeRow = api.EpisodeOut
export type SolvedRow = api.SolvedOut
export type AnswerRow = api.AnswerOut
export type Backlog = api.BacklogOut
export type BacklogAges = Backlog['tickets']
export type BacklogRow = api.BacklogRow
export type WallboardNow = api.WallboardOut
export type Operations = api.OverviewOut
export type Failure = api.FailureOut
export type FailureKind = Failure['kind']

// --- inbox ---

export type BuiltInView = Exclude<keyof Counts, 'views' | 'unread_in' | 'at_least'>
/** built in, or the id of a saved one */
export type View = BuiltInView | (string & {})
export type SavedView = api.ViewOut
export type Catalogue = api.CatalogueOut
export type Found = api.Found
export type BulkOut = api.BulkOut
export type BulkAction = api.BeginBulk['action']
export type MessageHits = api.MessageHits
export type MessageHit = api.MessageHit
export type Counts = api.CountsShape
export type Tag = api.TagOut
export type Priority = Conversation['priority']
export type Conversation = api.ConversationShape
export type ConversationState = Conversation['state']
/** A channel on which a person can be answered, as it stands now. */
export type Reach = api.ReachShape
export type ContactSummary = api.ContactSummaryShape
export type EntrySummary = api.EntrySummaryShape

export type Entry = api.EntryShape
export type EntryKind = Entry['kind']
export type Direction = NonNullable<Entry['direction']>
export type MessageStatus = api.DeliveryStatus
export type Author = api.AuthorShape
export type Reaction = api.ReactionShape
export type Mention = api.MentionShape
export type Translation = api.TranslationShape
export type Written = api.WrittenShape
export type TranslationLanguages = api.LanguagesOut
export type ComposedTranslation = api.ComposedTranslation
export type TranslatorState = api.TranslatorState
export type Translator = api.TranslatorOut
export type EntryError = api.EntryErrorShape
export type Quote = api.QuoteShape
export type EntryEvent = api.Event

export type Content = NonNullable<Entry['content']>
export type Media = api.MediaShape
export type MediaKind = Media['kind']
export type ReplyButton = api.Button
export type ListRow = api.Row
export type ListSection = api.Section
export type SharedContact = api.ContactCard
export type OrderItem = api.OrderItem
export type TemplateParameters = api.TemplateParameters
export type TemplatePreview = api.TemplatePreview
export type CardParameters = api.CardParameters
export type ContentTemplate = api.ContentTemplateOut
export type ContentBlock = api.ContentBlockOut
export type FilledContent = api.FilledContent
export type ContentWording = api.ContentWording
export type CheckedContent = api.CheckedContent
export type WholeTemplate = api.WholeTemplate
export type TemplateDraft = api.TemplateDraft
export type TemplateDraftRow = api.TemplateDraftOut
export type GalleryTemplate = api.GalleryTemplate
export type TemplatesChecked = api.CheckedTemplate
export type DraftHeader = api.DraftHeader
export type DraftButton = api.DraftButton
export type DraftCard = api.DraftCard
export type DraftCode = api.DraftCode

/** What is posted to send: media goes by the id of an uploaded file. */
export type OutgoingMessage = api.SendMessage
export type OutgoingContent = OutgoingMessage['content']
export type Deferred = Omit<api.DeferredOut, 'content'> & { content: Content }
export interface DeferredPage {
  items: Deferred[]
  next_cursor: string | null
}
export type NewDeferred = api.Defer
export type Place = api.PlaceOut
export type MessagePreview = api.MessagePreviewOut
export type PreviewPart = MessagePreview['parts'][number]
export type PreviewLine = PreviewPart['lines'][number]
export type Cost = MessagePreview['costs'][number]
export type Way = api.WayOut
export type Proof = api.ProofOut
export type PriceList = api.PricesOut
export type PriceLine = PriceList['prices'][number]
export type Reopener = api.ReopenerOut
export type StoredFile = api.FileShape

// --- contacts ---

export type Contact = api.ContactShape
export type EditContact = api.EditContact
export type ContactRow = api.ContactRow
export type ContactFields = api.ContactFieldsShape
export type ContactField = api.ContactFieldShape
export type FieldValue = Contact['fields'][string]
export type PastValue = api.PastValueShape
export type ContactList = api.ContactListOut
export type ContactBulk = api.BeginContactBulk
export type ContactImport = api.ContactImportOut
export type ImportProgress = Pick<
  ContactImport,
  'id' | 'state' | 'share' | 'read' | 'created' | 'updated' | 'unchanged' | 'refused' | 'consented' | 'finished_at'
>
export type ContactImportOptions = api.ContactImportOptions
export type ContactExport = api.ContactExportOut
export type Company = api.CompanyOut
export type Destination = api.DestinationShape
export type AddDestination = api.AddDestination
export type Duplicate = api.DuplicateShape
export type DuplicateSearch = api.SearchShape
export type DataHealth = api.DataHealthShape
export type ContactHealth = api.ContactHealthShape
export type ContactHealthSettings = api.ContactHealthOut
export type ChurnRisk = api.HealthShape['risk']
export type Finding = api.FindingShape
export type FindingId = Finding['id']
export type Merge = api.MergeShape
export type MergePreview = api.PreviewShape
export type ContactAddress = api.ContactAddressShape
export type Verify = api.Verify
export type PrivateParts = api.PrivateShape
export type ConsentFact = api.ConsentShape
export type ConsentPage = api.ConsentPage
export type ConsentState = ConsentPage['standings'][number]['state']
export type RecordConsent = api.RecordConsent
export type PacingSettings = api.PacingOut
export type Suppression = api.SuppressionOut
export type Retention = api.RetentionOut
export type RetentionRules = api.RetentionRules
export type Greeting = api.GreetingOut
export type GreetingSettings = api.GreetingSettings
export type GreetingWords = api.GreetingWords
export type SignupForm = api.SignupFormOut
export type SignupSettings = api.SignupSettings
export type SignupWords = api.SignupWords
export type Growth = api.Growth
export type Erasure = api.ErasureOut
export type ErasureOutlook = api.ErasureOutlook
export type MarketingNow = api.MarketingNow

// --- channels ---

export type Capabilities = api.CapabilitiesOut
export type MediaLimit = api.MediaLimitsOut
export type ChannelKind = api.ChannelKind
export type ChannelField = api.FormFieldOut
export type BroadcastCalendar = api.BroadcastCalendarOut
export type CalendarSend = api.CalendarSendOut
export type CalendarWeek = api.CalendarWeekOut
export type BroadcastEffect = api.BroadcastEffectOut
export type Effect = api.EffectOut
export type Revenue = api.RevenueOut
export type BroadcastDoer = api.BroadcastDoerOut
export type Spending = api.SpendingOut
export type SpendingRow = api.SpendingRow
export type SpendingBy = Spending['by']
export type Budgets = api.BudgetsOut
export type Budget = api.BudgetOut
export type AccountAllowance = api.AccountAllowance
export type Account = api.AccountOut
export type AccountHealth = api.Health
export type Template = api.TemplateOut
export type TemplateVariable = api.Variable

// --- answering ---

export type TextVariable = api.VariableOut
export type Rendered = api.RenderedOut
export type CannedReply = api.CannedOut
export type CannedVariant = CannedReply['variants'][number]
export type FilledReply = api.FilledOut
export type Macro = api.MacroOut
export type MacroAction = Macro['actions'][number]
export type MacroStep = api.StepOut
export type MacroPlan = api.PlanOut
export type MacroRun = api.RunOut
export type SharedDraft = api.DraftOut
export type Notification = api.NotificationOut
export type Notifications = api.Notifications
export type PushState = api.PushOut
export type PushChoice = api.ChangePush
export type PushDevice = api.Subscribe
export type PushTest = api.TestOut

// --- tickets ---

export type Ticket = api.TicketShape
export type TicketRow = api.TicketRow
export type TicketRef = api.TicketRefShape
export type TicketStatus = TicketRow['status']
export type TicketCheck = api.TicketCheckShape
export type NewTicket = api.CreateTicket
export type EditTicket = api.EditTicket
export type TicketForms = api.TicketFormsShape
export type TicketCategory = api.TicketCategoryShape
export type TicketField = api.TicketFieldShape
export type Sla = api.SlaShape
export type Incident = api.IncidentShape
export type IncidentRow = api.IncidentRow
export type IncidentStatus = IncidentRow['status']
export type IncidentUpdate = api.IncidentUpdateShape
export type Telling = api.TellingShape
export type SlaPolicy = api.SlaPolicyOut
export type SlaPolicyIn = api.SlaPolicyBody
export type SlaTrial = api.SlaTrialOut
export type SlaTrialRow = api.TrialRow
export type SlaTarget = api.SlaTargetShape
export type SlaStep = api.SlaStepShape

// --- closing ---

export type ClosingSettings = api.ClosingSettings
export type AutoClose = api.AutoClose
export type Survey = api.SurveyOut

// --- websocket ---

export type NumberedEvent =
  | { n: number; type: 'entry'; data: { entry: Entry; conversation: Conversation | null } }
  | { n: number; type: 'conversation'; data: Conversation }
  | { n: number; type: 'gone'; data: { conversation_id: string } }
  | { n: number; type: 'nothing'; data: object }
  | { n: number; type: 'account'; data: Account }
  | { n: number; type: 'member'; data: Member }
  | { n: number; type: 'contact'; data: { id: string } & Partial<Contact> }
  | { n: number; type: 'import'; data: ImportProgress }
  | { n: number; type: 'export' | 'erasure' | 'signup_form' | 'greeting' | 'retention' | 'data_health'; data: { id: string } }
  /** of a contact, or (the workspace's id) what scores are made of */
  | { n: number; type: 'contact_health'; data: { id: string } }
  | { n: number; type: 'contact_fields' | 'company' | 'contact_list'; data: { id: string } }
  | { n: number; type: 'segment' | 'broadcast' | 'broadcast_check' | 'broadcast_settings' | 'budgets'; data: { id: string } }
  | { n: number; type: 'duplicates'; data: { contact_ids: string[] } }
  | { n: number; type: 'deferred'; data: { id: string } }
  | { n: number; type: 'templates'; data: { account_id: string } }
  | { n: number; type: 'canned' | 'content_template' | 'content_block' | 'calendar' | 'team' | 'agent' | 'routing' | 'role' | 'roster'; data: { id: string } }
  | { n: number; type: 'draft'; data: DraftEvent }
  | { n: number; type: 'macro'; data: { id: string } }
  | { n: number; type: 'closing_settings'; data: { id: string } }
  | { n: number; type: 'pacing' | 'suppression'; data: { id: string } }
  | { n: number; type: 'route_rules'; data: { id: string } }
  | { n: number; type: 'translator'; data: { id: string } }
  | { n: number; type: 'survey'; data: { id: string; contact_id: string } }
  | { n: number; type: 'push_devices'; data: { member_id: string } }
  | { n: number; type: 'bell'; data: { member_id: string } & Partial<Notification> }
  | { n: number; type: 'ticket'; data: { id: string; contact_id: string } }
  | { n: number; type: 'ticket_forms'; data: { id: string } }
  | { n: number; type: 'sla_policy'; data: { id: string } }
  | { n: number; type: 'incident'; data: { id: string } }
  | { n: number; type: 'article' | 'help_centre'; data: { id: string } }
  | { n: number; type: 'bulk'; data: Pick<BulkOut, 'id' | 'about' | 'state' | 'total' | 'done' | 'same' | 'failed' | 'reasons'> & { by: string } }
  | { n: number; type: 'tag' | 'view' | 'counts'; data: { id?: string; done?: number; of?: number } }

export interface TypingEvent {
  type: 'typing'
  data: { conversation_id: string; by: string; name: string; on: boolean; text?: string | null }
}

export interface PresenceEvent {
  type: 'presence'
  data: { member_id: string; presence: Presence }
}

/** A draft began or ended, or (taken_by) a colleague took it over. */
export interface DraftEvent {
  conversation_id: string
  member_id: string
  mode: 'reply' | 'note'
  taken_by: string | null
}

/** A screen of a member, and the conversation that it shows. */
export interface Look {
  member_id: string
  screen: string
  conversation_id: string | null
}

/** One screen turned to something else; or all screens, where what was known of them may be wrong. */
export type ViewingEvent = { type: 'viewing'; data: Look } | { type: 'viewers'; data: Look[] }

/** How a broadcast that this screen watches is now. */
export interface BroadcastReportEvent {
  type: 'broadcast_report'
  data: { id: string; report: BroadcastReport }
}

export type ServerFrame =
  | { type: 'welcome'; cursor: string; resumed: boolean }
  | { type: 'reload' }
  | { type: 'rights' }
  | { type: 'signed_out' }
  | { type: 'pong' }
  | NumberedEvent
  | TypingEvent
  | PresenceEvent
  | ViewingEvent
  | BroadcastReportEvent

export type ClientFrame =
  | { type: 'hello'; cursor: string | null }
  | { type: 'viewing'; conversation_id: string | null }
  | { type: 'typing'; conversation_id: string; account_id: string; address: string; on: boolean }
  | { type: 'presence'; presence: 'online' | 'away' }
  | { type: 'active'; on: boolean }
  | { type: 'watching'; broadcasts: string[] }
  | { type: 'ping' }

// --- help centre ---

export type Article = api.ArticleOut
export type ArticleItem = api.ArticleItem
export type ArticleDraft = Required<Omit<api.KeepArticle, 'texts'>> & { texts: ArticleText[] }
export type ArticleText = Required<api.ArticleTextIn>
export type ArticleHit = api.ArticleHit
export type ArticleHits = api.ArticleHits
export type ArticleSuggestions = api.Suggestions
export type ArticleVersions = api.ArticleVersions
export type ArticleFeedback = api.ArticleFeedback
export type InsertedArticle = api.InsertedArticle
export type HelpCentre = api.HelpCentreOut
export type HelpCategory = HelpCentre['categories'][number]
export type HelpMisses = api.HelpMisses

// --- who answers ---

export type Availability = api.Availability
export type Agent = api.AgentOut
export type RoutingSettings = api.RoutingOut
export type HandOver = api.HandOver
export type Team = api.TeamOut
export type TeamIn = api.TeamIn
export type SkillNeed = api.NeedIn
export type RouteRules = api.RouteRulesOut
export type RouteRule = RouteRules['items'][number]
export type RouteTrial = api.RouteTrialOut
export type TeamQueue = api.QueueOut
export type Desk = api.DeskOut
export type Calendar = api.CalendarOut
export type CalendarIn = api.CalendarIn
export type CalendarImport = api.ImportOut
export type Span = api.SpanIn
export type RosterWeek = api.RosterWeek
export type RosterRow = api.RosterRow
export type RosterDay = api.RosterDay
export type SpecialDay = api.SpecialDayIn
export type Countries = api.Countries
export type Holidays = api.Holidays

// --- campaigns ---

export type Segment = api.SegmentOut
export type SegmentPreview = api.RulePreview
export type SegmentUses = api.SegmentUses
export type Overlapping = api.OverlapShape

/** What the server sends of a plan is whole; what is left out is only ever left out on the way there. */
export type Wording = Required<api.Wording>
export type Variant = Required<Omit<api.Variant, 'wordings'>> & { wordings: Wording[] }
export type AudiencePart = Required<api.Exclusion>
export type Audience = Required<Omit<api.Audience, 'exclude'>> & { exclude: AudiencePart }
export type Experiment = Required<api.Experiment>
export type Trial = Required<api.Trial>
export type Guards = Required<api.Guards>
export type Goal = api.Goal
export type Fallback = Required<Omit<api.Fallback, 'wordings'>> & { wordings: Wording[] }
export type Schedule = Required<Omit<api.Schedule, 'relative'>> & { relative: Required<api.Relative> | null }
export type Plan = Required<Omit<api.Plan, 'variants' | 'audience' | 'experiment' | 'trial' | 'fallbacks' | 'schedule' | 'guards'>> & {
  variants: Variant[]
  audience: Audience
  experiment: Experiment | null
  trial: Trial | null
  fallbacks: Fallback[]
  schedule: Schedule
  guards: Guards
}
export type Broadcast = Omit<api.BroadcastOut, 'plan'> & { plan: Plan }
export type BroadcastRow = api.BroadcastRow
export type BroadcastState = Broadcast['state']
export type AudienceCount = api.AudienceSize
export type BroadcastCheck = api.BroadcastCheckOut
export type Exclusion = BroadcastCheck['steps'][number]
export type BroadcastPerson = api.CheckPersonOut
export type ConsentGrowth = api.ConsentGrowthOut
export type RunningOut = api.RunningOutOut
export type BroadcastPreview = api.BroadcastPreviewOut
export type BroadcastTests = api.TestsOut
export type BroadcastProgress = api.BroadcastProgressOut
export type BroadcastTally = BroadcastProgress['tally']
export type BroadcastReport = api.BroadcastReportOut
export type Recipient = api.BroadcastRecipientOut
export type WhyAnswer = api.BroadcastWhyOut
export type ContactBroadcast = api.ContactBroadcastOut
export type BroadcastSettings = api.BroadcastSettingsOut
