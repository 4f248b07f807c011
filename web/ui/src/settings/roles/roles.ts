import { queryOptions, useQuery } from '@tanstack/react-query'
import { api } from '../../lib/api'
import type { Role, RoleMask, RoleScope } from '../../lib/types'

export const rolesQuery = queryOptions({
  queryKey: ['roles'],
  queryFn: () => api.get<{ items: Role[] }>('/roles').then((page) => page.items),
})

/** What a role is called, by its id. */
export function useRoleName(): (id: string) => string {
  const { data } = useQuery(rolesQuery)
  return (id) => data?.find((role) => role.id === id)?.name ?? ''
}

export const SCOPES: Record<RoleScope, { label: string; text: string }> = {
  everything: { label: 'Everything', text: 'All conversations, contacts and tickets of the workspace.' },
  teams: { label: 'Own teams', text: 'What their teams have and what is assigned to them.' },
  own: { label: 'Only their own', text: 'What is assigned to them.' },
}

export const MASKS: Record<RoleMask, { label: string; text: string }> = {
  phones: { label: 'Hide phone numbers', text: 'Shown as •••• 1234, and found only by the whole number.' },
  addresses: { label: 'Hide postal addresses', text: 'Where people live and what locations they shared: only about, within ten kilometres.' },
  emails: { label: 'Hide email addresses', text: 'Shown as a•••@example.com, and found only by the whole address.' },
}
