import type { Role } from '../../lib/types'

/** In the order of what they may do, and what that is in words. */
export const ROLES: { role: Role; label: string; text: string }[] = [
  { role: 'owner', label: 'Owner', text: 'Everything, including other owners and the workspace itself.' },
  { role: 'admin', label: 'Admin', text: 'Everything but owners: channels, members, API tokens and the audit log.' },
  { role: 'supervisor', label: 'Supervisor', text: 'Answers customers, assigns and manages conversations of everybody, edits templates.' },
  { role: 'agent', label: 'Agent', text: 'Answers customers and edits contacts.' },
  { role: 'marketer', label: 'Marketer', text: 'Edits contacts and templates, reads conversations, does not answer.' },
  { role: 'readonly', label: 'Read-only', text: 'Sees conversations and contacts, changes nothing.' },
]

export function roleLabel(role: Role): string {
  return ROLES.find((each) => each.role === role)?.label ?? role
}
