import assert from 'node:assert/strict'
import { test } from 'node:test'
import { choices, clock, weekText } from './hours.ts'

test('hours are written as clocks show them', () => {
  assert.deepEqual([0, 540, 1215, 1440].map(clock), ['00:00', '09:00', '20:15', '24:00'])
  assert.equal(choices(555).find(({ value }) => value === '555')?.label, '09:15')
  assert.equal(choices().length, 49)
})

test('days of the same hours are named together', () => {
  const day = { start: 540, end: 1200 }
  const week = [day, day, day, day, day, day, { start: 720, end: 1200 }]
  assert.equal(weekText(week), 'Mon–Sat 09:00–20:00, Sun 12:00–20:00')
  assert.equal(weekText([...Array<typeof day>(6).fill(day), { start: 0, end: 0 }]), 'Mon–Sat 09:00–20:00, Sun never')
})
