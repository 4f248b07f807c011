import { queryOptions, useQuery } from '@tanstack/react-query'
import { api } from '../../lib/api'
import type { Role } from '../../lib/types'

export const rolesQuery = queryOptions({
  queryKey: ['roles'],
  queryFn: () => api.get<{ items: Role[] }>('/roles').then((page) => page.items),
})

/** What a role is called, by its id. */
export function useRoleName(): (id: string) => string {
  const { data } = useQuery(rolesQuery)
  return (id) => data?.find((role) => role.id === id)?.name ?? ''
}
