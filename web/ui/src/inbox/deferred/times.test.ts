import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromLocal, isNight, presets, toLocal } from './times.ts'

const at = (iso: string): number => Date.parse(iso)

test('times: a wall clock and back, in summer and winter', () => {
  for (const zone of ['Europe/Paris', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland', 'UTC']) {
    for (const iso of ['2026-01-15T12:00:00Z', '2026-07-15T03:30:00Z', '2026-12-31T23:59:00Z']) {
      assert.equal(fromLocal(toLocal(at(iso), zone), zone), at(iso), `${zone} ${iso}`)
    }
  }
  assert.equal(toLocal(at('2026-07-01T12:00:00Z'), 'America/New_York'), '2026-07-01T08:00')
})

test('times: over the changes of clocks', () => {
  // New York goes from 02:00 to 03:00 on 8 March 2026: half past two is not there and moves on.
  const skipped = fromLocal('2026-03-08T02:30', 'America/New_York')
  assert.ok(['2026-03-08T03:30', '2026-03-08T01:30'].includes(toLocal(skipped, 'America/New_York')))
  assert.equal(fromLocal('2026-03-09T09:00', 'America/New_York'), at('2026-03-09T13:00:00Z'))
  assert.equal(fromLocal('2026-03-06T09:00', 'America/New_York'), at('2026-03-06T14:00:00Z'))
  assert.ok(Number.isNaN(fromLocal('', 'UTC')))
})

test('times: night is where the customer is', () => {
  assert.equal(isNight(at('2026-07-01T12:00:00Z'), 'Europe/Paris'), false)
  assert.equal(isNight(at('2026-07-01T12:00:00Z'), 'Pacific/Auckland'), true)
})

test('times: presets lie ahead, at nine on the customer’s clock', () => {
  const sunday = at('2026-11-22T20:00:00Z')
  const found = presets(sunday, 'Africa/Accra')
  assert.deepEqual(found.map(({ label }) => label), ['In one hour', 'Tomorrow at 9'])
  assert.equal(found[1]?.at, at('2026-11-23T09:00:00Z'))
  const wednesday = presets(at('2026-11-25T20:02:00Z'), 'America/New_York')
  assert.deepEqual(wednesday.map((each) => toLocal(each.at, 'America/New_York')), ['2026-11-25T16:05', '2026-11-26T09:00', '2026-11-30T09:00'])
})
