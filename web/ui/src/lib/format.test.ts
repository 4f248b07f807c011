import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ago, dayLabel, duration, fileSize, initials, listTime, remaining, shortCount } from './format.ts'

const NOW = new Date(2026, 5, 17, 12, 0).getTime()
const at = (...parts: [number, number, number, number?, number?]) => new Date(...parts).toISOString()

test('list time: from now to another year', () => {
  assert.equal(listTime(new Date(NOW - 5_000).toISOString(), NOW), 'now')
  assert.equal(listTime(new Date(NOW - 5 * 60_000).toISOString(), NOW), '5m')
  assert.match(listTime(at(2026, 5, 17, 8, 30), NOW), /8[:.]30/)
  assert.equal(listTime(at(2026, 5, 16, 23, 59), NOW), 'Yesterday')
  assert.match(listTime(at(2026, 0, 3), NOW), /3/)
  assert.match(listTime(at(2025, 0, 3), NOW), /2025/)
})

test('day label: today, yesterday, weekday, date', () => {
  assert.equal(dayLabel(at(2026, 5, 17, 0, 1), NOW), 'Today')
  assert.equal(dayLabel(at(2026, 5, 16, 0, 1), NOW), 'Yesterday')
  assert.notEqual(dayLabel(at(2026, 5, 12), NOW), dayLabel(at(2026, 5, 11), NOW))
  assert.match(dayLabel(at(2024, 5, 12), NOW), /2024/)
})

test('remaining: minutes, hours, days', () => {
  assert.equal(remaining(20_000), 'under a minute')
  assert.equal(remaining(42 * 60_000), '42 m')
  assert.equal(remaining(2 * 3_600_000), '2 h')
  assert.equal(remaining((19 * 60 + 42) * 60_000), '19 h 42 m')
  assert.equal(remaining(3 * 86_400_000), '3 days')
})

test('ago: never, just now, minutes, hours', () => {
  assert.equal(ago(null, NOW), 'never')
  assert.equal(ago(new Date(NOW - 1000).toISOString(), NOW), 'just now')
  assert.equal(ago(new Date(NOW - 3 * 60_000).toISOString(), NOW), '3 min ago')
  assert.equal(ago(new Date(NOW - 3 * 3_600_000).toISOString(), NOW), '3 h ago')
})

test('duration of a recording', () => {
  assert.equal(duration(7), '0:07')
  assert.equal(duration(221), '3:41')
  assert.equal(duration(3729), '1:02:09')
})

test('file sizes', () => {
  assert.equal(fileSize(999), '999 B')
  assert.equal(fileSize(482_133), '482 kB')
  assert.equal(fileSize(1_500_000), '1.5 MB')
  assert.equal(fileSize(16_000_000), '16 MB')
})

test('initials: two words, one word, other scripts, no letters', () => {
  assert.equal(initials('Ana Maria Silva'), 'AS')
  assert.equal(initials('kofi'), 'K')
  assert.equal(initials('Дана Леви'), 'ДЛ')
  assert.equal(initials('+1 202 555 0100'), '')
  assert.equal(initials(''), '')
})

test('short counts', () => {
  assert.deepEqual([0, 999, 1000, 1250, 100_000, 1_200_000].map(shortCount), ['0', '999', '1k', '1.2k', '100k', '1.2M'])
})
