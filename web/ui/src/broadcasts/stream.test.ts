import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stream } from './stream.ts'

test('the stream narrows by who is left out', () => {
  const branches = stream(1000, [250, 0, 500])
  assert.deepEqual(
    branches.map(({ after }) => after),
    [0.75, 0.75, 0.25],
  )
  assert.match(branches[0]!.path, /^M1\.000 0\.000 C/)
  assert.equal(branches[1]!.path, '')
})

test('one person of a million can be seen, and nobody at all draws nothing', () => {
  assert.match(stream(1_000_000, [1])[0]!.path, / 1\.000 0\.475 L1\.000 0\.525 /)
  assert.deepEqual(stream(0, [0]), [{ after: 0, path: '' }])
})
