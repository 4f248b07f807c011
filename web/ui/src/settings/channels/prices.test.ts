import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromPasted, merged, problemOf, toPrices, toRows } from './prices.ts'

const CATEGORIES = [
  { key: 'utility', label: 'Utility', unit: 'message' as const },
  { key: 'marketing', label: 'Marketing', unit: 'message' as const },
]

test('prices become rows and prices again', () => {
  const prices = [
    { country: '*', category: 'utility', amount: '0.04', currency: 'USD' },
    { country: 'GH', category: 'utility', amount: '0.02', currency: 'USD' },
    { country: 'GH', category: 'marketing', amount: '0.1', currency: 'USD' },
  ]
  const rows = toRows(prices)
  assert.deepEqual(rows.map(({ country }) => country), ['GH', '*'])
  assert.deepEqual(toPrices(rows, CATEGORIES), [prices[1], prices[2], prices[0]])
})

test('a pasted table replaces the same countries; headings and empty lines are nothing', () => {
  const rows = fromPasted('Market\tUtility\tMarketing\tCurrency\nGH\t0.02\t0.1\tUSD\n\nfr, 0.03, , eur\n', CATEGORIES)
  assert.deepEqual(rows, [
    { country: 'GH', amounts: { utility: '0.02', marketing: '0.1' }, currency: 'USD' },
    { country: 'FR', amounts: { utility: '0.03', marketing: '' }, currency: 'eur' },
  ])
  assert.equal(merged([{ country: 'gh', amounts: { utility: '9' }, currency: 'USD' }], rows).length, 2)
  assert.deepEqual(toPrices(rows.slice(1), CATEGORIES), [{ country: 'FR', category: 'utility', amount: '0.03', currency: 'EUR' }])
})

test('what is no country, currency or amount is said', () => {
  const row = { country: 'GH', amounts: { utility: '0.02' }, currency: 'USD' }
  assert.equal(problemOf(row), '')
  for (const wrong of [{ country: 'Ghana' }, { currency: '$' }, { amounts: { utility: '0,02' } }]) assert.notEqual(problemOf({ ...row, ...wrong }), '')
})
