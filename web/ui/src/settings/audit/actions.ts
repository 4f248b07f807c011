/** What the audit trail says, in words. An action that is not known here is shown by its name. */
import type { AuditItem } from '../../lib/types'

type Detail = Record<string, unknown>

const text = (value: unknown): string => (value === null || value === undefined ? '' : String(value))

const WORDS: Record<string, string | ((detail: Detail) => string)> = {
  'workspace.created': 'created the workspace',
  'session.started': 'signed in',
  'session.ended': 'signed out',
  'session.revoked': 'ended a session',
  'sessions.revoked': (detail) => `ended ${text(detail.count) || 'all'} ${detail.count === 1 ? 'session' : 'sessions'} of`,
  'member.created': (detail) => `added as ${text(detail.role)}`,
  'member.changed': changedMember,
  'member.renamed': 'changed a name to',
  'member.password_changed': 'changed the password',
  'member.totp_enabled': 'turned two-factor sign-in on',
  'member.totp_disabled': 'turned two-factor sign-in off',
  'invitation.created': (detail) => `invited as ${text(detail.role)}`,
  'invitation.withdrawn': 'revoked an invitation',
  'invitation.accepted': (detail) => `accepted the invitation as ${text(detail.role)}`,
  'token.created': 'created the API token',
  'token.deleted': 'deleted the API token',
  'account.connected': 'connected the channel',
  'account.edited': (detail) => editedAccount(detail.fields),
  'account.disconnected': 'disconnected the channel',
  'account.webhook_registered': 'registered the webhook of',
  'account.secret_renewed': 'made a new secret for',
  'templates.synced': 'fetched the templates of',
  'contact.edited': 'edited the contact',
  'conversation.assigned': (detail) =>
    detail.member_name ? `assigned to ${text(detail.member_name)} the conversation with` : 'unassigned the conversation with',
  'conversation.closed': 'closed the conversation with',
  'conversation.reopened': 'reopened the conversation with',
}

function changedMember(detail: Detail): string {
  if (detail.status === 'disabled') return 'disabled'
  if (detail.status === 'active') return 'enabled'
  return detail.role ? `gave the role ${text(detail.role)} to` : 'changed'
}

function editedAccount(fields: unknown): string {
  const names = Array.isArray(fields) ? fields.map(String) : []
  if (names.includes('enabled') && names.length === 1) return 'switched on or off the channel'
  return 'changed the channel'
}

/** "gave the role admin to" */
export function actionWords({ action, detail }: AuditItem): string {
  const known = WORDS[action]
  if (typeof known === 'string') return known
  if (known) return known((detail ?? {}) as Detail)
  return action.replace('.', ': ').replaceAll('_', ' ')
}

/** Whether it was done by somebody to themselves, so that naming them twice would say nothing. */
export function aboutSelf({ actor, target }: AuditItem): boolean {
  return target.type === 'member' && target.id === actor.id
}
