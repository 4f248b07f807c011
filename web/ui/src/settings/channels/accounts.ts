/** Connected accounts and the kinds of channel: how they are read and changed. */
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { api } from '../../lib/api'
import type { Account, ChannelKind, Page } from '../../lib/types'

const WAITING_MS = 2_000
const WATCHING_MS = 20_000

export const kindsQuery = queryOptions({
  queryKey: ['channels'],
  queryFn: () => api.get<Page<ChannelKind>>('/channels'),
  staleTime: Number.POSITIVE_INFINITY,
})

export const accountsQuery = queryOptions({
  queryKey: ['accounts'],
  queryFn: () => api.get<Page<Account>>('/accounts'),
})

/** One account, read again by itself: traffic is not announced, and quickly while something is waited for. */
export function useAccount(id: string) {
  const client = useQueryClient()
  return useQuery({
    queryKey: ['accounts', id],
    queryFn: () => api.get<Account>(`/accounts/${encodeURIComponent(id)}`),
    initialData: () => client.getQueryData(accountsQuery.queryKey)?.items.find((each) => each.id === id),
    initialDataUpdatedAt: 0,
    refetchInterval: ({ state }) => (state.error ? false : state.data && isWaiting(state.data) ? WAITING_MS : WATCHING_MS),
  })
}

/** Puts a changed account in place of the one that is shown. */
export function useKeepAccount(): (account: Account) => void {
  const client = useQueryClient()
  return (account) => {
    client.setQueryData(['accounts', account.id], account)
    client.setQueryData(accountsQuery.queryKey, (page) => {
      if (!page) return page
      const known = page.items.some((each) => each.id === account.id)
      return {
        ...page,
        items: known ? page.items.map((each) => (each.id === account.id ? account : each)) : [...page.items, account],
      }
    })
  }
}

export function useForgetAccount(): (id: string) => void {
  const client = useQueryClient()
  return (id) => {
    client.setQueryData(accountsQuery.queryKey, (page) => page && { ...page, items: page.items.filter((each) => each.id !== id) })
    client.removeQueries({ queryKey: ['accounts', id] })
  }
}

export function isPolling(account: Account): boolean {
  return account.config.delivery === 'polling'
}

/** Nothing has arrived yet, and something should. */
export function isWaiting(account: Account): boolean {
  return account.enabled && account.health.last_webhook_at === null
}
