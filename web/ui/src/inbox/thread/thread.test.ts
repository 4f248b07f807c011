import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry } from '../../lib/types'
import { firstUnread, mergeEntries, reachedBy } from './entries.ts'
import { layoutThread } from './layout.ts'

function entry(number: number, change: Partial<Entry> = {}): Entry {
  return {
    id: `e${number}`,
    contact_id: 'contact',
    conversation_id: 'conversation',
    number,
    revision: 1,
    at: new Date(2026, 5, 17, 12, number % 1000).toISOString(),
    order_at: new Date(2026, 5, 17, 12, number % 1000).toISOString(),
    kind: 'message',
    direction: 'in',
    channel: 'whatsapp',
    account_id: 'account',
    address: 'whatsapp:+1',
    author: { type: 'contact', id: 'contact', name: 'Ana' },
    content: { type: 'text', text: `Message ${number}` },
    reply_to: null,
    reactions: [],
    mentions: [],
    edited_at: null,
    deleted_at: null,
    undo_until: null,
    status: null,
    status_times: {},
    error: null,
    client_id: null,
    purpose: null,
    topic: null,
    event: null,
    referral: null,
    campaign: null,
    forwarded: false,
    group_id: null,
    ticket_id: null,
    ...change,
  } as Entry
}

const numbers = (entries: Entry[]) => entries.map((each) => each.number)

test('merge: keeps the order of numbers, whatever the order of arrival', () => {
  assert.deepEqual(numbers(mergeEntries([entry(1), entry(4)], [entry(3), entry(6), entry(2)])), [1, 2, 3, 4, 6])
})

test('merge: a newer revision replaces, an older one is ignored', () => {
  const current = [entry(1, { revision: 3, status: 'delivered' })]
  assert.equal(mergeEntries(current, [entry(1, { revision: 2, status: 'sent' })]), current)
  assert.equal(mergeEntries(current, [entry(1, { revision: 4, status: 'read' })])[0]?.status, 'read')
})

test('told: what is older than the pages read waits for its page, so that nothing between is passed over', () => {
  const loaded = [entry(50), entry(51), entry(52)]
  const told = (incoming: Entry[], hasOlder: boolean) => numbers(mergeEntries(loaded, reachedBy(loaded, incoming, hasOlder)))
  const tick = entry(7, { revision: 4, status: 'read' })
  assert.deepEqual(told([tick, entry(53)], true), [50, 51, 52, 53])
  // All of it is read: what is told of belongs where its number says.
  assert.deepEqual(told([tick], false), [7, 50, 51, 52])
  // A tick of a message that is shown tells the number under which it is stored, which may be a lower one.
  const shown = mergeEntries(loaded, reachedBy(loaded, [entry(3, { id: 'e51', revision: 2, status: 'read' })], true))
  assert.deepEqual(shown.map(({ number, status }) => [number, status]), [[50, null], [51, 'read'], [52, null]])
  assert.deepEqual(numbers(reachedBy([], [entry(7)], true)), [7])
})

test('unread: the mark stands before the newest inbound messages', () => {
  const entries = [entry(1), entry(2), entry(3, { direction: 'out' }), entry(4), entry(5, { kind: 'note', direction: null })]
  assert.equal(firstUnread(entries, 2), 2)
  assert.equal(firstUnread(entries, 1), 4)
  assert.equal(firstUnread(entries, 0), null)
  assert.equal(firstUnread([], 3), null)
})

test('layout: one line per day', () => {
  const items = layoutThread([entry(1), entry(2, { at: new Date(2026, 5, 18, 9).toISOString() })], [], null)
  assert.deepEqual(items.map((item) => item.type), ['day', 'bubble', 'day', 'bubble'])
})

test('layout: a message that was held up stands where it was written', () => {
  const late = entry(3, { order_at: entry(1).at.replace('.000Z', '.500Z') })
  const bubbles = layoutThread([entry(1), entry(2), late], [], null).filter((item) => item.type === 'bubble')
  assert.deepEqual(numbers(bubbles.map((item) => item.entry)), [1, 3, 2])
})

test('layout: runs of one author hold together, and end with the other side', () => {
  const items = layoutThread([entry(1), entry(2), entry(3, { direction: 'out' })], [], null)
  const bubbles = items.filter((item) => item.type === 'bubble')
  assert.deepEqual(bubbles.map(({ first, last }) => [first, last]), [
    [true, false],
    [false, true],
    [true, true],
  ])
})

test('layout: a long silence ends a run', () => {
  const items = layoutThread([entry(1), entry(9)], [], null)
  assert.deepEqual(items.filter((item) => item.type === 'bubble').map((item) => item.first), [true, true])
})

test('layout: the channel is marked where it changes, and not at all when there is one', () => {
  const marks = (entries: Entry[]) =>
    layoutThread(entries, [], null).flatMap((item) => (item.type === 'bubble' ? [item.channelMark] : []))
  assert.deepEqual(marks([entry(1), entry(2)]), [false, false])
  assert.deepEqual(marks([entry(1), entry(2, { channel: 'sms' }), entry(3, { channel: 'sms' })]), [true, true, false])
})

test('layout: the unread line stands before its message', () => {
  const items = layoutThread([entry(1), entry(2)], [], 2)
  assert.deepEqual(items.map((item) => item.type), ['day', 'bubble', 'unread', 'bubble'])
})

test('layout: unsent messages come last, and keep their key when the server has them', () => {
  const unsent = entry(Number.MAX_SAFE_INTEGER, { id: 'unsent-x', client_id: 'x', direction: 'out', at: entry(2).at })
  const before = layoutThread([entry(1)], [unsent], null)
  const after = layoutThread([entry(1), entry(2, { client_id: 'x', direction: 'out' })], [], null)
  assert.equal(before.at(-1)?.key, 'x')
  assert.equal(after.at(-1)?.key, 'x')
})

test('layout: the parts of a split text have keys of their own', () => {
  const items = layoutThread([entry(1, { client_id: 'x' }), entry(2, { client_id: 'x' })], [], null)
  const keys = items.map((item) => item.key)
  assert.equal(new Set(keys).size, keys.length)
})
