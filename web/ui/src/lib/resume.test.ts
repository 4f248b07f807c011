import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLOSE_SIGNED_OUT, CLOSE_WRONG_ORIGIN, Position, reconnectDelay } from './resume.ts'

test('position: has no cursor before the first welcome', () => {
  assert.equal(new Position().cursor(), null)
})

test('position: follows the events and hands back where it stands', () => {
  const position = new Position()
  position.welcome('a1:120', false)
  assert.equal(position.accept(121), true)
  assert.equal(position.accept(122), true)
  assert.equal(position.cursor(), 'a1:122')
})

test('position: what is replayed twice is applied once', () => {
  const position = new Position()
  position.welcome('a1:120', false)
  position.accept(121)
  position.welcome('a1:121', true)
  assert.equal(position.accept(121), false)
  assert.equal(position.accept(122), true)
})

test('position: a welcome that names a later number does not skip what is about to be replayed', () => {
  const position = new Position()
  position.welcome('a1:120', false)
  position.welcome('a1:125', true)
  assert.deepEqual([121, 122, 123, 124, 125].map((n) => position.accept(n)), [true, true, true, true, true])
})

test('position: a new epoch starts over, even at a lower number', () => {
  const position = new Position()
  position.welcome('a1:900', false)
  position.welcome('b2:3', false)
  assert.equal(position.cursor(), 'b2:3')
  assert.equal(position.accept(4), true)
})

test('position: an epoch may contain a colon', () => {
  const position = new Position()
  position.welcome('eu:west:7', false)
  assert.equal(position.cursor(), 'eu:west:7')
})

test('reconnect: stays away when signed out or refused', () => {
  assert.equal(reconnectDelay(CLOSE_SIGNED_OUT, 0), null)
  assert.equal(reconnectDelay(CLOSE_WRONG_ORIGIN, 0), null)
})

test('reconnect: soon after a restart', () => {
  assert.ok((reconnectDelay(1012, 0, () => 0.999) ?? 0) <= 2_000)
  assert.ok((reconnectDelay(4408, 1, () => 0.999) ?? 0) <= 2_000)
})

test('reconnect: doubles with full jitter, up to ten seconds', () => {
  const longest = [0, 1, 2, 3, 6, 50].map((attempt) => reconnectDelay(1006, attempt, () => 1))
  assert.deepEqual(longest, [500, 1000, 2000, 4000, 10_000, 10_000])
  assert.equal(reconnectDelay(1006, 5, () => 0), 0)
})

test('reconnect: a server that keeps restarting is not hammered', () => {
  assert.equal(reconnectDelay(1012, 8, () => 1), 10_000)
})
