/** What a channel account can do. Where the accounts may not be read, only what every channel can. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { api } from '../lib/api'
import { useCan } from '../lib/session'
import type { Account, Capabilities, MediaKind, MediaLimit, Page } from '../lib/types'

const LEAST: Capabilities = {
  max_text_chars: 1600,
  max_caption_chars: 0,
  window_hours: null,
  templates: false,
  buttons: null,
  buttons_as: 'none',
  list: null,
  media: { image: { max_bytes: 5_000_000, mimes: ['image/jpeg', 'image/png'] } },
  reactions: 'none',
  quotes: false,
  typing: false,
  read_receipts_in: false,
  delivery_receipts: false,
  segments: false,
  charged: false,
  location: false,
  contacts: false,
  edit: false,
  delete: false,
}

export const accountsQuery = queryOptions({
  queryKey: ['accounts'],
  queryFn: () => api.get<Page<Account>>('/accounts'),
  staleTime: 5 * 60_000,
})

export function useAccounts(): Account[] | undefined {
  const allowed = useCan('accounts.read')
  const { data } = useQuery({ ...accountsQuery, enabled: allowed })
  return data?.items
}

export function useCapabilities(accountId: string | null | undefined): Capabilities {
  const accounts = useAccounts()
  return accounts?.find((account) => account.id === accountId)?.capabilities ?? LEAST
}

export interface Fit {
  kind: MediaKind
  limit: MediaLimit
}

/** As what a file can go out on this channel; null when it cannot at all. */
export function fitFile(mime: string, { media }: Capabilities): Fit | null {
  const family = mime.split('/')[0]
  const own = family === 'image' || family === 'video' || family === 'audio' ? family : 'document'
  for (const kind of own === 'document' ? (['document'] as const) : ([own, 'document'] as const)) {
    const limit = media[kind]
    if (limit && accepts(limit, mime)) return { kind, limit }
  }
  return null
}

function accepts({ mimes }: MediaLimit, mime: string): boolean {
  if (mimes.length === 0) return true
  return mimes.some((allowed) => allowed === mime || allowed === '*/*' || (allowed.endsWith('/*') && mime.startsWith(allowed.slice(0, -1))))
}
