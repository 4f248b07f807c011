import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EntrySummary } from '../lib/types'
import { previewOf } from './summary.ts'

function summary(change: Partial<EntrySummary>): EntrySummary {
  return {
    id: 'e1',
    number: 1,
    kind: 'message',
    direction: 'in',
    text: 'Hello',
    content_type: 'text',
    channel: 'whatsapp',
    status: null,
    author_name: 'Ana',
    at: '2026-06-17T12:00:00Z',
    ...change,
  }
}

const CASES: [name: string, change: Partial<EntrySummary>, prefix: string, kind: string | null, text: string][] = [
  ['a text', {}, '', null, 'Hello'],
  ['my answer', { direction: 'out', author_name: 'Dana Levi' }, 'You:', null, 'Hello'],
  ['an answer of a colleague', { direction: 'out', author_name: 'Sam Osei' }, 'Sam:', null, 'Hello'],
  ['a note', { kind: 'note', direction: null }, 'Note:', null, 'Hello'],
  ['a photo without words', { content_type: 'image', text: 'Image' }, '', 'Photo', ''],
  ['a photo with a caption', { content_type: 'image', text: 'This one' }, '', 'Photo', 'This one'],
  ['a voice message', { content_type: 'voice', text: 'Voice' }, '', 'Voice message', ''],
  ['a document by its name', { content_type: 'document', text: 'invoice.pdf' }, '', 'Document', 'invoice.pdf'],
  ['an order that names itself', { content_type: 'order', text: 'Order of 2 items' }, '', 'Order', 'of 2 items'],
  ['a kind nobody knows yet', { content_type: 'hologram', text: '' }, '', 'Message', ''],
]

for (const [name, change, prefix, kind, text] of CASES) {
  test(`preview: ${name}`, () => assert.deepEqual(previewOf(summary(change), 'Dana Levi'), { prefix, kind, text }))
}
