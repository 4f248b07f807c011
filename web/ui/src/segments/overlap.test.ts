import assert from 'node:assert/strict'
import { test } from 'node:test'
import { circles, shared } from './overlap.ts'

test('circles share what the numbers share', () => {
  for (const [one, other, both] of [
    [1000, 400, 100],
    [300, 300, 150],
    [50, 9000, 49],
  ] as const) {
    const { one: r, other: q, apart } = circles(one, other, both)
    const most = Math.max(one, other)
    assert.ok(Math.abs((shared(r, q, apart) / Math.PI) * most - both) < most / 500)
  }
})

test('apart where nobody is in both, one in the other where all are', () => {
  const parted = circles(10, 20, 0)
  assert.ok(parted.apart > parted.one + parted.other)
  const within = circles(10, 1000, 10)
  assert.ok(within.apart + within.one <= within.other)
  assert.equal(circles(0, 0, 0).one, 0)
})
