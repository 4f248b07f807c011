/** What a message will look like on the phone and cost: the server's answer, asked for when typing pauses. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api } from '../../lib/api'
import { count, plural } from '../../lib/format'
import type { Cost, MessagePreview, OutgoingContent, Reach } from '../../lib/types'

const PAUSE_MS = 450

/** null while nothing is known, and where nothing is asked. */
export function usePreview(conversationId: string, reach: Reach | undefined, contents: OutgoingContent[], wanted: boolean): MessagePreview | null {
  const now = JSON.stringify(contents)
  const said = useSettled(now)
  const { data } = useQuery({
    queryKey: ['preview', conversationId, reach?.account_id, reach?.address, said],
    queryFn: ({ signal }) =>
      api.post<MessagePreview>(
        `/conversations/${conversationId}/preview`,
        { contents: JSON.parse(said) as OutgoingContent[], account_id: reach?.account_id, address: reach?.address },
        undefined,
        signal,
      ),
    enabled: wanted && reach !== undefined && contents.length > 0 && said === now,
    placeholderData: keepPreviousData,
    gcTime: 0,
  })
  const about = data?.account_id === reach?.account_id && data?.address === reach?.address
  return wanted && contents.length > 0 && about ? (data ?? null) : null
}

/** The value, once it has not changed for a moment. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}

const CATEGORIES: Record<string, string> = {
  service: 'Answer',
  utility: 'Utility template',
  marketing: 'Marketing template',
  authentication: 'Authentication template',
  sms: 'SMS',
  mms: 'MMS',
}

export const categoryName = (key: string): string => CATEGORIES[key] ?? key

/** For a narrow place: €0.02, or that nobody has said what it costs. */
export function costText({ amount, currency, free_a_month: free }: Cost): string {
  const price = amount === null || currency === null ? 'no price set' : money(amount, currency)
  return free > 0 ? `Free up to ${count(free)} a month, then ${price}` : price.charAt(0).toUpperCase() + price.slice(1)
}

/** In full: what it is charged as, and how the amount comes about. */
export function costDetail(cost: Cost): string {
  const { category, units, unit, country, each, currency, free_a_month: free } = cost
  const where = country ? ` to ${regionName(country)}` : ''
  const what = `${categoryName(category)}${where}, ${plural(units, unit)}`
  const first = free > 0 ? `. The first ${count(free)} delivered each month are free` : ''
  if (each === null || currency === null) return `${what}${first}. Nobody has set a price: Settings, Channels, Prices.`
  return `${what} at ${money(each, currency)}${first}.`
}

export function money(amount: string, currency: string): string {
  try {
    return new Intl.NumberFormat(undefined, { style: 'currency', currency, maximumFractionDigits: 6 }).format(Number(amount))
  } catch {
    return `${amount} ${currency}`
  }
}

const REGIONS = new Intl.DisplayNames(undefined, { type: 'region' })

export function regionName(code: string): string {
  try {
    return REGIONS.of(code) ?? code
  } catch {
    return code
  }
}
