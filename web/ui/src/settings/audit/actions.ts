/** What the audit trail says, in words. An action that is not known here is shown by its name. */
import { languageName } from '../../lib/format.ts'
import type { AuditItem } from '../../lib/types'

type Detail = Record<string, unknown>

const role = ({ role, role_name: name }: Detail): string => String(name ?? role ?? 'member').toLowerCase()

/** `{}` is where the name of what it was done to stands. */
const WORDS: Record<string, string | ((detail: Detail) => string)> = {
  'workspace.created': 'created the workspace {}',
  'session.started': 'signed in',
  'session.ended': 'signed out',
  'session.revoked': 'ended a session',
  'sessions.revoked': ({ count }) => `ended ${count === undefined ? 'all' : count} ${count === 1 ? 'session' : 'sessions'} of {}`,
  'member.created': (detail) => `added {} as ${role(detail)}`,
  'member.changed': changedMember,
  'member.renamed': 'changed their name to {}',
  'member.password_changed': 'changed their password',
  'member.totp_enabled': 'turned two-factor sign-in on',
  'member.totp_disabled': 'turned two-factor sign-in off',
  'invitation.created': (detail) => `invited {} as ${role(detail)}`,
  'invitation.withdrawn': 'revoked an invitation',
  'invitation.accepted': (detail) => `joined as ${role(detail)}`,
  'role.created': 'made the role {}',
  'role.changed': 'changed the role {}',
  'role.deleted': 'deleted the role {}',
  'token.created': 'created the API token {}',
  'token.deleted': 'deleted the API token {}',
  'account.connected': 'connected the channel {}',
  'account.edited': ({ fields }) => editedAccount(fields),
  'account.disconnected': 'disconnected the channel {}',
  'account.webhook_registered': 'registered the webhook of {}',
  'account.secret_renewed': 'made a new secret for {}',
  'templates.synced': 'fetched the templates of {}',
  'template.submitted': 'submitted the template {}',
  'template.deleted': 'deleted the template {}',
  'template.unpaused': 'took the template {} out of its pause',
  'template.seen': 'saw what happened to the template {}',
  'content_template.created': 'kept the content template {}',
  'content_template.changed': 'changed the content template {}',
  'content_template.deleted': 'deleted the content template {}',
  'content_block.created': 'kept the content block {}',
  'content_block.changed': 'changed the content block {}',
  'content_block.deleted': 'deleted the content block {}',
  'template_draft.created': 'began the template {}',
  'template_draft.changed': 'changed the draft of the template {}',
  'template_draft.deleted': 'threw away the draft of the template {}',
  'conversation.translated': ({ into }) =>
    into ? `had the conversation with {} translated into ${languageName(String(into))}` : 'ended the translation of the conversation with {}',
  'translator.connected': 'connected the translation service {}',
  'translator.changed': 'changed the translation service {}',
  'translator.disconnected': 'disconnected the translation service',
  'canned.created': 'kept the canned reply {}',
  'canned.changed': 'changed the canned reply {}',
  'canned.deleted': 'deleted the canned reply {}',
  'article.created': 'wrote the article {}',
  'article.changed': 'changed the article {}',
  'article.published': 'published the article {}',
  'article.archived': 'archived the article {}',
  'article.restored': 'brought back a version of the article {}',
  'article.ordered': 'put the articles of {} in order',
  'article.deleted': 'deleted the article {}',
  'help_centre.changed': 'changed the help centre',
  'help_miss.settled': 'took “{}” off what readers did not find',
  'roster.shift_planned': ({ day }) => `planned a shift of {} on ${String(day)}`,
  'roster.absence_planned': ({ day, until, absence }) =>
    `planned that {} is absent (${String(absence)}) ${until === undefined ? 'on' : 'from'} ${String(day)}${until === undefined ? '' : ` to ${String(until)}`}`,
  'roster.shift_moved': ({ day, from_day: from, from_name: name }) => `moved the shift of ${String(name)} on ${String(from)} to {} on ${String(day)}`,
  'roster.shift_copied': ({ day, from_day: from, from_name: name }) => `copied the shift of ${String(name)} on ${String(from)} to {} on ${String(day)}`,
  'roster.week_copied': ({ from, to }) => `copied the shifts of the week of ${String(from)} to that of ${String(to)}`,
  'roster.cleared': ({ day }) => `took the plan of {} on ${String(day)} off the roster`,
  'macro.created': 'made the macro {}',
  'macro.changed': 'changed the macro {}',
  'macro.deleted': 'deleted the macro {}',
  'macro.run': ({ macro }) => `ran the macro ${String(macro)} on the conversation with {}`,
  'consent.recorded': ({ state }) =>
    state === 'granted' ? 'wrote down that {} agreed' : state === 'withdrawn' ? 'wrote down that {} wants us to stop' : 'ended the hold on {}',
  'consent.asked': 'asked {} to confirm marketing',
  'consent.exported': 'made the evidence file of {}',
  'pacing.changed': 'changed hours, caps or who is left out of marketing',
  'marketing.stopped': 'stopped all marketing',
  'marketing.resumed': 'let marketing go on',
  'suppression.added': 'put {} on the suppression list',
  'suppression.removed': 'took {} off the suppression list',
  'contact.edited': 'edited the contact {}',
  'contact.copied': 'took a copy of all that is known of {}',
  'contact.held': 'put a legal hold on {}',
  'contact.hold_lifted': 'lifted the legal hold on {}',
  'contact.erasing': ({ reason }) => `began to erase a person: ${String(reason ?? '')}`,
  'contact.erased': 'erased a person',
  'contact.private_shown': 'looked at what was folded away of {}',
  'contact.verified': 'made sure that a handle still is that of {}',
  'contact.new_person': 'parted a new person from {}',
  'contact_health.changed': 'changed what health scores are made of',
  'signup_form.created': 'made the sign-up form {}',
  'signup_form.changed': 'changed the sign-up form {}',
  'greeting.created': 'made the greeting {}',
  'greeting.changed': 'changed the greeting {}',
  'greeting.deleted': 'deleted the greeting {}',
  'retention.changed': 'changed how long things are kept',
  'retention.applied': 'let go what was kept long enough',
  'erasure.proven': 'took the proof of an erasure',
  'conversation.assigned': ({ member_name: name }) =>
    name ? `assigned the conversation with {} to ${name}` : 'unassigned the conversation with {}',
  'conversation.closed': 'closed the conversation with {}',
  'conversation.reopened': 'reopened the conversation with {}',
}

/** The nouns of actions, as one looks for them. */
export const THINGS: Record<string, string> = {
  member: 'Members',
  invitation: 'Invitations',
  session: 'Signing in and out',
  role: 'Roles',
  token: 'API tokens',
  workspace: 'The workspace',
  account: 'Channels',
  contact: 'Contacts',
  erasure: 'Erasures',
  retention: 'How long things are kept',
  signup_form: 'Sign-up forms',
  greeting: 'Greetings of the chat',
  consent: 'Consent',
  marketing: 'Stopping marketing',
  pacing: 'Pacing',
  suppression: 'Suppression list',
  conversation: 'Conversations',
  ticket: 'Tickets',
  article: 'Articles',
  help_centre: 'The help centre',
  team: 'Teams',
  routing: 'Routing',
  tag: 'Tags',
  view: 'Views',
  canned: 'Canned replies',
  template: 'Templates',
  template_draft: 'Template drafts',
  content_template: 'Content templates',
  content_block: 'Content blocks',
  macro: 'Macros',
  calendar: 'Business hours',
  roster: 'Roster',
  sla_policy: 'SLA policies',
  incident: 'Incidents',
  survey: 'Surveys',
  report: 'Reports',
  closing: 'Closing',
  failure: 'Operations',
}

function changedMember(detail: Detail): string {
  if (detail.status === 'disabled') return 'disabled {}'
  if (detail.status === 'active') return 'enabled {}'
  return detail.role ? `gave {} the role ${role(detail)}` : 'changed {}'
}

function editedAccount(fields: unknown): string {
  const names = Array.isArray(fields) ? fields.map(String) : []
  return names.length === 1 && names[0] === 'enabled' ? 'switched the channel {} on or off' : 'changed the channel {}'
}

export interface Sentence {
  before: string
  /** the name of what it was done to; empty where the sentence needs none */
  target: string
  after: string
}

/** "gave", "Ana", "the role admin" */
export function sentenceOf({ action, detail, target }: Pick<AuditItem, 'action' | 'detail' | 'target'>): Sentence {
  const known = WORDS[action]
  const words =
    typeof known === 'string' ? known : known ? known((detail ?? {}) as Detail) : `${action.replace('.', ': ').replaceAll('_', ' ')} {}`
  const [before = '', after] = words.split('{}')
  return after === undefined
    ? { before, target: '', after: '' }
    : { before: before.trim(), target: target.label || target.type, after: after.trim() }
}
