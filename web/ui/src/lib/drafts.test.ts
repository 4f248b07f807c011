import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'

class MemoryStorage {
  readonly items = new Map<string, string>()
  full = false
  getItem = (key: string) => this.items.get(key) ?? null
  removeItem = (key: string) => void this.items.delete(key)
  setItem = (key: string, value: string) => {
    if (this.full) throw new Error('QuotaExceededError')
    this.items.set(key, value)
  }
}

const storage = new MemoryStorage()
Object.defineProperty(globalThis, 'localStorage', { value: storage, configurable: true })
const { flushDrafts, forgetDrafts, readDraft, writeDraft } = await import('./drafts.ts')

beforeEach(() => {
  storage.items.clear()
  storage.full = false
  forgetDrafts()
})

test('drafts: are read back before they were stored', () => {
  writeDraft('c1', 'reply', 'half a sen')
  assert.equal(readDraft('c1', 'reply'), 'half a sen')
  assert.equal(storage.items.size, 0)
})

test('drafts: survive a reload', () => {
  writeDraft('c1', 'reply', 'half a sentence')
  flushDrafts()
  forgetDrafts()
  assert.equal(readDraft('c1', 'reply'), 'half a sentence')
})

test('drafts: the text of a note never shows up in a reply', () => {
  writeDraft('c1', 'note', 'she is difficult')
  flushDrafts()
  assert.equal(readDraft('c1', 'reply'), '')
  assert.equal(readDraft('c2', 'note'), '')
})

test('drafts: an emptied draft leaves nothing behind', () => {
  writeDraft('c1', 'reply', 'x')
  flushDrafts()
  writeDraft('c1', 'reply', '')
  flushDrafts()
  assert.equal(storage.items.size, 0)
})

test('drafts: a full storage loses nothing while the tab lives, and is tried again', () => {
  storage.full = true
  writeDraft('c1', 'reply', 'kept')
  flushDrafts()
  assert.equal(readDraft('c1', 'reply'), 'kept')
  storage.full = false
  flushDrafts()
  assert.equal(storage.items.size, 1)
})
