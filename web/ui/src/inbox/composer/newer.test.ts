import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry } from '../../lib/types'
import { newerThan } from './newer.ts'

const entry = (number: number, more: Partial<Entry>): Entry =>
  ({ number, kind: 'message', direction: 'in', author: { type: 'contact', id: 'c', name: 'Ana' }, deleted_at: null, status: null, ...more }) as Entry

const mine = { direction: 'out', author: { type: 'member', id: 'me', name: 'Olu' } } as const
const theirs = { direction: 'out', author: { type: 'member', id: 'ama', name: 'Ama' } } as const

test('newer: what the customer and colleagues said after the draft was begun', () => {
  const entries = [entry(1, {}), entry(2, mine), entry(3, {}), entry(4, theirs)]
  assert.deepEqual(newerThan(entries, 2, 'me').map(({ number }) => number), [3, 4])
  assert.deepEqual(newerThan(entries, 4, 'me'), [])
})

test('newer: own messages, notes, events and what was taken back do not count', () => {
  const entries = [
    entry(1, mine),
    entry(2, { kind: 'note', direction: null, author: theirs.author }),
    entry(3, { kind: 'event', direction: null }),
    entry(4, { ...theirs, status: 'cancelled' }),
    entry(5, { direction: 'out', author: { type: 'system', id: null, name: null } }),
  ]
  assert.deepEqual(newerThan(entries, 0, 'me'), [])
})
