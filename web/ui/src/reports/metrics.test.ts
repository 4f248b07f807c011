import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changeOf, shown, span, ticksOf } from './metrics.ts'
import type { Metric } from '../lib/types.ts'

const metric = (change: Partial<Metric>): Metric => ({
  key: 'time',
  label: 'Time',
  unit: 'ms',
  definition: '',
  group: 'speed',
  better: 'down',
  timed: true,
  behind: 'episodes',
  tickets: false,
  ...change,
})

test('spans have two parts at most', () => {
  assert.equal(span(0), '0 s')
  assert.equal(span(400), 'under 1 s')
  assert.equal(span(42_000), '42 s')
  assert.equal(span(190_000), '3 m 10 s')
  assert.equal(span(180_000), '3 m')
  assert.equal(span(2 * 3_600_000 + 300_000 + 9_000), '2 h 5 m')
  assert.equal(span(3 * 86_400_000), '3 d')
})

test('nothing to divide by is a dash, and zero is zero', () => {
  assert.equal(shown(null, 'ms'), '–')
  assert.equal(shown(0, 'count'), '0')
  assert.equal(shown(12.5, 'percent'), '12.5 %')
})

test('less is better where the server says so', () => {
  assert.deepEqual(changeOf(metric({}), { time: 50 }, { time: 100 }), { text: '−50 %', tone: 'good' })
  assert.deepEqual(changeOf(metric({ better: 'up' }), { time: 50 }, { time: 100 }), { text: '−50 %', tone: 'bad' })
  assert.deepEqual(changeOf(metric({ better: null }), { time: 150 }, { time: 100 }), { text: '+50 %', tone: 'plain' })
  assert.equal(changeOf(metric({}), { time: 50 }, { time: null }), null)
})

test('lines are drawn at numbers that people count in', () => {
  assert.deepEqual(ticksOf(9, 'count'), [0, 2, 4, 6, 8, 10])
  assert.deepEqual(ticksOf(0, 'count'), [0, 1])
  assert.deepEqual(ticksOf(26 * 60_000, 'ms'), [0, 15, 30].map((minutes) => minutes * 60_000))
  assert.deepEqual(ticksOf(66, 'percent'), [0, 25, 50, 75, 100])
})
