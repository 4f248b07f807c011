import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Sla } from '../lib/types'
import { nearest, sentence, shortDue } from './sla.ts'

const NOW = Date.parse('2026-11-21T12:00:00Z')
const HELD: Sla = {
  policy_id: 'sla_1',
  due_at: null,
  first_due_at: null,
  next_due_at: null,
  resolve_due_at: null,
  paused_at: null,
  warned: [],
  breached: [],
  breached_at: null,
}

function due(metric: 'first' | 'next' | 'resolve', minutes: number): Sla {
  const at = new Date(NOW + minutes * 60_000).toISOString()
  return { ...HELD, due_at: at, [`${metric}_due_at`]: at }
}

test('nothing runs, nothing is counted', () => {
  assert.equal(nearest(HELD, NOW), null)
})

test('a countdown is calm, then soon, then late', () => {
  assert.equal(nearest(due('first', 90), NOW)?.state, 'calm')
  assert.equal(nearest(due('next', 20), NOW)?.state, 'soon')
  assert.equal(nearest({ ...due('next', 90), warned: ['next'] }, NOW)?.state, 'soon')
  const late = nearest(due('resolve', -12), NOW)
  assert.equal(late?.state, 'late')
  assert.equal(late && sentence(late), 'Solution late by 12 m')
})

test('short times', () => {
  assert.deepEqual([42, 59.9, 60, 2 * 1440, -12].map((minutes) => shortDue(minutes * 60_000)), ['42m', '59m', '1h', '2d', '−12m'])
})
