import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Conversation, Page } from '../../lib/types'
import { ConversationListStore, EVERYTHING, type Filter } from './listStore.ts'

const ME = 'me'

function conversation(id: string, minute: number, change: Partial<Conversation> = {}): Conversation {
  return {
    id,
    contact_id: `contact-${id}`,
    contact: { id: `contact-${id}`, name: id, avatar_hue: 0, avatar_file_id: null },
    queue: { id: 'support', name: 'Support' },
    state: 'open',
    assignee_id: null,
    followers: [],
    mentioned: [],
    notified: [],
    unread: 0,
    read_number: 0,
    last_number: 1,
    last_activity_at: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
    created_at: new Date(Date.UTC(2026, 0, 1)).toISOString(),
    episode: 1,
    revision: 1,
    last_entry: null,
    reach: [],
    snoozed_until: null,
    woke_at: null,
    closed_at: null,
    tags: [],
    views: [],
    priority: 'normal',
    team_id: null,
    waiting_since: null,
    window_closes_at: null,
    ...change,
  } as Conversation
}

/** A server with the conversations given, newest first, in pages of two. */
function setUp(rows: Conversation[], filter: Partial<Filter> = {}) {
  const known = new Map<string, Conversation>()
  const pages: Page<Conversation>[] = []
  for (let from = 0; from < Math.max(rows.length, 1); from += 2) {
    pages.push({ items: rows.slice(from, from + 2), next_cursor: from + 2 < rows.length ? String(from / 2 + 1) : null })
  }
  let requests = 0
  let failing = false
  let onRequest = () => {}
  const list = new ConversationListStore(
    { ...EVERYTHING, ...filter },
    {
      fetch: async (_, cursor) => {
        requests += 1
        onRequest()
        if (failing) throw new Error('no answer')
        return pages[Number(cursor ?? 0)] ?? { items: [], next_cursor: null }
      },
      put: (row) => {
        const current = known.get(row.id)
        if (current && current.revision > row.revision) return false
        known.set(row.id, row)
        return true
      },
      get: (id) => known.get(id),
      memberId: () => ME,
    },
  )
  const place = (row: Conversation) => {
    known.set(row.id, row)
    return list.place(row)
  }
  const meanwhile = (run: () => void) => {
    onRequest = () => {
      onRequest = () => {}
      run()
    }
  }
  return { list, place, meanwhile, requests: () => requests, fail: (on: boolean) => (failing = on) }
}

const FIVE = [conversation('e', 50), conversation('d', 40), conversation('c', 30), conversation('b', 20), conversation('a', 10)]

test('list: pages come one after the other until the end', async () => {
  const { list } = setUp(FIVE)
  await list.start()
  assert.deepEqual(list.ids, ['e', 'd'])
  assert.equal(list.hasMore, true)
  await list.more()
  await list.more()
  assert.deepEqual(list.ids, ['e', 'd', 'c', 'b', 'a'])
  assert.equal(list.hasMore, false)
})

test('list: asking twice at once reads one page', async () => {
  const { list, requests } = setUp(FIVE)
  await list.start()
  await Promise.all([list.more(), list.more()])
  assert.equal(requests(), 2)
})

test('list: new activity moves a row to the top', async () => {
  const { list, place } = setUp(FIVE)
  await list.start()
  assert.equal(place(conversation('d', 55)), true)
  assert.deepEqual(list.ids, ['d', 'e'])
})

test('list: a row that belongs below what is loaded waits for its page', async () => {
  const { list, place } = setUp(FIVE)
  await list.start()
  assert.equal(place(conversation('b', 21)), false)
  assert.deepEqual(list.ids, ['e', 'd'])
})

test('list: a row that moved up is not repeated by its old page', async () => {
  const { list, place } = setUp(FIVE)
  await list.start()
  place(conversation('c', 60))
  await list.more()
  assert.deepEqual(list.ids, ['c', 'e', 'd', 'b'])
})

test('list: equal times are ordered by id, as the server does', async () => {
  const { list, place } = setUp([conversation('m', 50)])
  await list.start()
  place(conversation('a', 50))
  place(conversation('z', 50))
  assert.deepEqual(list.ids, ['z', 'm', 'a'])
})

test('list: the longest waiting come first in their view', async () => {
  const since = (id: string, minute: number) => conversation(id, 50, { waiting_since: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString() })
  const { list, place } = setUp([since('old', 1), since('new', 9)], { view: 'waiting' })
  await list.start()
  place(since('middle', 5))
  assert.deepEqual(list.ids, ['old', 'middle', 'new'])
})

const NARROWED: [name: string, filter: Partial<Filter>, fits: Partial<Conversation>][] = [
  ['a tag', { tags: ['t1', 't2'] }, { tags: ['t2'] }],
  ['nobody', { assignees: ['none'], view: 'v' }, { assignee_id: null, views: ['v'] }],
  ['me', { assignees: ['me'] }, { assignee_id: ME }],
  ['a team', { teams: ['team'] }, { team_id: 'team' }],
  ['a priority', { priorities: ['urgent'] }, { priority: 'urgent' }],
  ['unread', { unread: true }, { unread: 1 }],
  ['a time', { since: '2026-01-01T00:05:00Z' }, {}],
]
for (const [name, filter, fits] of NARROWED) {
  test(`list: narrowed to ${name}, only what fits comes in`, async () => {
    const { list, place } = setUp([], filter)
    await list.start()
    place(conversation('other', 1, { assignee_id: 'someone' }))
    place(conversation('fits', 9, fits))
    assert.deepEqual(list.ids, ['fits'])
  })
}

const LEAVING: [view: Filter['view'], before: Partial<Conversation>, after: Partial<Conversation>][] = [
  ['open', {}, { state: 'closed' }],
  ['unassigned', {}, { assignee_id: 'someone' }],
  ['mine', { assignee_id: ME }, { assignee_id: 'someone' }],
  ['closed', { state: 'closed' }, { state: 'open' }],
]

for (const [view, before, after] of LEAVING) {
  test(`list: a row leaves "${view}" when it no longer belongs there`, async () => {
    const { list, place } = setUp([conversation('x', 5, before)], { view })
    await list.start()
    assert.deepEqual(list.ids, ['x'])
    place(conversation('x', 6, after))
    assert.deepEqual(list.ids, [])
  })
}

test('list: nothing is added to the answer of a search', async () => {
  const { list, place } = setUp([conversation('x', 5)], { q: 'x' })
  await list.start()
  assert.equal(place(conversation('new', 9)), false)
  assert.deepEqual(list.ids, ['x'])
})

test('list: a first page that fails can be asked for again', async () => {
  const { list, fail } = setUp(FIVE)
  fail(true)
  await list.start()
  assert.equal(list.status, 'error')
  fail(false)
  await list.retry()
  assert.equal(list.status, 'ready')
  assert.deepEqual(list.ids, ['e', 'd'])
})

test('list: a refresh that fails keeps what is shown', async () => {
  const { list, fail } = setUp(FIVE)
  await list.start()
  fail(true)
  await list.refresh()
  assert.equal(list.status, 'ready')
  assert.deepEqual(list.ids, ['e', 'd'])
})

test('list: a refresh reads as far as one had scrolled', async () => {
  const { list } = setUp(FIVE)
  await list.start()
  await list.more()
  await list.refresh()
  assert.deepEqual(list.ids, ['e', 'd', 'c', 'b'])
})

test('list: what happens while the first page is on its way is in its place afterwards', async () => {
  const { list, place, meanwhile } = setUp(FIVE)
  meanwhile(() => place(conversation('d', 55, { revision: 2 })))
  await list.start()
  assert.deepEqual(list.ids, ['d', 'e'])
})

test('list: what happens while the list is read again is not taken back', async () => {
  const { list, place, meanwhile } = setUp(FIVE)
  await list.start()
  meanwhile(() => {
    place(conversation('e', 56, { revision: 2, state: 'closed' }))
    place(conversation('new', 57))
  })
  await list.refresh()
  assert.deepEqual(list.ids, ['new', 'd'])
})

test('list: asked to read again while it reads, it reads once more', async () => {
  const { list, meanwhile, requests } = setUp(FIVE)
  meanwhile(() => {
    void list.refresh()
    void list.refresh()
  })
  await list.start()
  await new Promise((done) => setTimeout(done))
  assert.equal(requests(), 2)
})

test('held: rows stay where they are until the list settles, and news is counted', async () => {
  const { list, place } = setUp([conversation('b', 2), conversation('a', 1)])
  await list.start()
  list.hold()
  place(conversation('a', 5, { revision: 2 }))
  list.changed()
  place(conversation('c', 6))
  list.changed()
  assert.equal(list.news, 2)
  place(conversation('b', 2, { revision: 2, state: 'closed' }))
  list.changed()
  assert.deepEqual(list.ids, ['b', 'a'])
  assert.deepEqual(list.ids.map((id) => list.isGone(id)), [true, false])
  const { version } = list
  list.settle()
  assert.deepEqual(list.ids, ['c', 'a'])
  assert.equal(list.news, 0)
  assert.equal(list.version, version + 1)
})

test('held: what one does oneself leaves at once; nothing new, nothing redrawn', async () => {
  const { list } = setUp([conversation('b', 2), conversation('a', 1)])
  await list.start()
  list.hold()
  list.place(conversation('b', 2, { state: 'closed', revision: 2 }), true)
  assert.deepEqual(list.ids, ['a'])
  const { version } = list
  list.settle()
  assert.equal(list.version, version)
})

test('held: pages below go on', async () => {
  const { list, place } = setUp([conversation('d', 4), conversation('c', 3), conversation('b', 2), conversation('a', 1)])
  await list.start()
  list.hold()
  place(conversation('c', 9, { revision: 2 }))
  await list.more()
  assert.deepEqual(list.ids, ['d', 'c', 'b', 'a'])
  list.settle()
  assert.deepEqual(list.ids, ['c', 'd', 'b', 'a'])
})
