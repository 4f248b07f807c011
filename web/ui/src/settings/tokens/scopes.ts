import type { Permission } from '../../lib/types'

export interface ScopeGroup {
  title: string
  scopes: { scope: Permission; label: string; text: string }[]
}

/** What a token may be allowed, as people think of it. */
export const SCOPE_GROUPS: ScopeGroup[] = [
  {
    title: 'Inbox',
    scopes: [
      { scope: 'inbox.read', label: 'Read conversations', text: 'Lists, messages, files and live events.' },
      { scope: 'inbox.reply', label: 'Answer', text: 'Send messages, add notes, close and reopen.' },
      { scope: 'inbox.manage', label: 'Manage conversations', text: 'Assign and change those of other members.' },
    ],
  },
  {
    title: 'Contacts',
    scopes: [
      { scope: 'contacts.read', label: 'Read contacts', text: 'People, addresses and consents.' },
      { scope: 'contacts.write', label: 'Change contacts', text: 'Names, notes and attributes.' },
      { scope: 'privacy.manage', label: 'Personal data', text: 'Erase people, hand out all that is known of them, and legal holds.' },
    ],
  },
  {
    title: 'Channels and templates',
    scopes: [
      { scope: 'accounts.read', label: 'Read channels', text: 'Connected accounts and their health. Never their secrets.' },
      { scope: 'accounts.manage', label: 'Manage channels', text: 'Connect, change and disconnect accounts.' },
      { scope: 'templates.read', label: 'Read templates', text: 'Templates, and fetching them anew.' },
      { scope: 'templates.manage', label: 'Manage templates', text: 'Create, change and delete templates.' },
    ],
  },
  {
    title: 'Marketing',
    scopes: [
      { scope: 'consent.manage', label: 'Consent and pacing', text: 'Hours, caps, who is left out, and the switch that stops all marketing.' },
      { scope: 'broadcasts.read', label: 'Read broadcasts', text: 'What was sent to whom, and what came of it.' },
      { scope: 'broadcasts.write', label: 'Send broadcasts', text: 'Write, check, test, start, pause and cancel them.' },
      { scope: 'broadcasts.approve', label: 'Approve broadcasts', text: 'Say yes or no to those of others, and settle when that is needed.' },
    ],
  },
  {
    title: 'Help centre',
    scopes: [
      { scope: 'articles.manage', label: 'Manage articles', text: 'Write, publish and delete articles, and set up the help centre.' },
    ],
  },
  {
    title: 'Workspace',
    scopes: [
      { scope: 'members.read', label: 'Read members', text: 'Names, emails, roles and presence.' },
      { scope: 'members.manage', label: 'Manage members', text: 'Invite, change roles, disable and sign out.' },
      { scope: 'reports.read', label: 'Read reports', text: 'Figures of everybody, and the wallboard.' },
      { scope: 'audit.read', label: 'Read the audit log', text: 'Who did what, and from where.' },
      { scope: 'tokens.manage', label: 'Manage API tokens', text: 'Create and delete tokens. Rarely needed.' },
      { scope: 'operations.manage', label: 'Run operations', text: 'Queues, failed work and trying it again.' },
      { scope: 'workspace.manage', label: 'Manage the workspace', text: 'What only owners may do. Rarely needed.' },
    ],
  },
]

const LABELS = new Map(SCOPE_GROUPS.flatMap(({ scopes }) => scopes.map(({ scope, label }) => [scope, label] as const)))

export function scopeLabel(scope: Permission): string {
  return LABELS.get(scope) ?? scope
}
