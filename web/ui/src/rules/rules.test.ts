import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isWritten } from './rules.ts'

test('a condition that is just being written is not asked', () => {
  const language = { field: 'language', op: 'is', value: 'fr' }
  const order = { count: 'order', op: 'gt', value: 0, where: [{ field: 'total', op: 'gt', value: 5 }] }
  assert.ok(isWritten({ all: [language, { not: { any: [order] } }, { field: 'company', op: 'set' }] }))
  assert.ok(!isWritten({ all: [{ any: [{ ...language, value: '' }] }] }))
  assert.ok(!isWritten({ all: [{ field: 'tags', op: 'has_any', value: [] }] }))
  assert.ok(!isWritten({ ...order, where: [{ field: 'city', op: 'is', value: '' }] }))
})
