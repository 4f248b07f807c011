/** Who is signed in: asked once, and kept in the query cache. */
import { queryOptions } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { api, setCsrf } from './api'
import { queryClient } from './query'
import { Emitter } from './store'
import type { CurrentSession, Me, Permission, Preferences } from './types'

/** Nobody is: for the router, which then shows the sign-in page. */
export class NobodySignedIn extends Error {}

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async () => {
    // Not /me: that is refused to whom is signed out, and browsers report every refusal as an error.
    const { me } = await api.get<CurrentSession>('/session')
    if (!me) throw new NobodySignedIn()
    return remember(me)
  },
  retry: (failures, error) => !(error instanceof NobodySignedIn) && failures < 2,
  staleTime: Number.POSITIVE_INFINITY,
})

/** Take over a fresh answer of /me, of sign-in or of an accepted invitation. */
export function signedIn(me: Me): void {
  queryClient.setQueryData(meQuery.queryKey, remember(me))
}

// Every row and bubble asks who I am: an observer of the query in each of them would be most of what it costs to draw one.
const changes = new Emitter()
queryClient.getQueryCache().subscribe(({ type, query }) => {
  if (type === 'updated' && query.queryKey[0] === meQuery.queryKey[0]) changes.emit()
})

/** Behind sign-in only: the router has asked, and the shell watches the query. */
export function useMe(): Me {
  const me = useSyncExternalStore(changes.subscribe, currentMe)
  if (!me) throw new Error('Nobody is signed in')
  return me
}

export function currentMe(): Me | undefined {
  return queryClient.getQueryData(meQuery.queryKey)
}

export function useCan(permission: Permission): boolean {
  return useMe().permissions.includes(permission)
}

export async function savePreferences(change: Preferences): Promise<void> {
  const me = currentMe()
  if (!me) return
  const preferences = { ...me.member.preferences, ...change }
  queryClient.setQueryData(meQuery.queryKey, { ...me, member: { ...me.member, preferences } })
  await api.patch('/me', { preferences })
}

function remember(me: Me): Me {
  setCsrf(me.csrf)
  return me
}
