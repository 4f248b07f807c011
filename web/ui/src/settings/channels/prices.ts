/** A price list as rows of a table: a country, an amount in each category, a currency. */
import type { PriceLine, PriceList } from '../../lib/types'

export interface PriceRow {
  country: string
  /** by category; empty: no price */
  amounts: Record<string, string>
  currency: string
}

export const ANYWHERE = '*'

export function toRows(prices: PriceLine[]): PriceRow[] {
  const rows = new Map<string, PriceRow>()
  for (const { country, category, amount, currency } of prices) {
    const key = `${country} ${currency}`
    const row = rows.get(key) ?? { country, amounts: {}, currency }
    row.amounts[category] = amount
    rows.set(key, row)
  }
  return [...rows.values()].sort((a, b) => (a.country === ANYWHERE ? 1 : b.country === ANYWHERE ? -1 : a.country.localeCompare(b.country)))
}

export function toPrices(rows: PriceRow[], categories: PriceList['categories']): PriceLine[] {
  return rows.flatMap(({ country, amounts, currency }) =>
    categories.flatMap(({ key }) => {
      const amount = (amounts[key] ?? '').trim()
      return amount ? [{ country: country.trim().toUpperCase(), category: key, amount, currency: currency.trim().toUpperCase() }] : []
    }),
  )
}

/** What is wrong with a row, for the person who filled it in. */
export function problemOf({ country, amounts, currency }: PriceRow): string {
  if (!/^([A-Z]{2}|\*)$/.test(country.trim().toUpperCase())) return 'A country is two letters, such as GH, or * for all others.'
  if (!/^[A-Z]{3}$/.test(currency.trim().toUpperCase())) return 'A currency is three letters, such as USD.'
  const wrong = Object.values(amounts).find((amount) => amount.trim() && !/^\d{1,6}(\.\d{1,6})?$/.test(amount.trim()))
  return wrong === undefined ? '' : `${wrong} is no amount; write it as 0.0123.`
}

/** Lines of a spreadsheet: country, an amount for each category in their order, currency; with tabs, commas or semicolons. */
export function fromPasted(text: string, categories: PriceList['categories']): PriceRow[] {
  return text.split('\n').flatMap((line) => {
    const cells = line.split(/[\t,;]/).map((cell) => cell.trim())
    const [country = '', ...rest] = cells
    const currency = rest.at(-1) ?? ''
    if (!country || rest.length < 2) return []
    const row = { country: country.toUpperCase(), amounts: Object.fromEntries(categories.map(({ key }, at) => [key, at < rest.length - 1 ? (rest[at] ?? '') : ''])), currency }
    // A heading is no price.
    return problemOf(row) ? [] : [row]
  })
}

/** `more` in place of what stands there for the same countries. */
export function merged(rows: PriceRow[], more: PriceRow[]): PriceRow[] {
  const countries = new Set(more.map(({ country }) => country))
  return [...rows.filter(({ country }) => !countries.has(country.trim().toUpperCase())), ...more]
}
