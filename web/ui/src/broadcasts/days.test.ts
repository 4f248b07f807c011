import assert from 'node:assert/strict'
import { test } from 'node:test'
import { daysOf, moved } from './days.ts'

test('days of a calendar are whole weeks from Monday on', () => {
  assert.deepEqual(daysOf('week', new Date(2026, 10, 22)), ['2026-11-16', '2026-11-22'])
  assert.deepEqual(daysOf('month', new Date(2026, 10, 22)), ['2026-10-26', '2026-12-06'])
  assert.deepEqual(daysOf('month', new Date(2027, 1, 1)), ['2027-02-01', '2027-02-28'])
})

test('they move by a whole week or month, from its last day too', () => {
  assert.equal(daysOf('month', moved('month', new Date(2027, 0, 31), 1))[0], '2027-02-01')
  assert.equal(daysOf('week', moved('week', new Date(2026, 10, 22), -1))[0], '2026-11-09')
})
