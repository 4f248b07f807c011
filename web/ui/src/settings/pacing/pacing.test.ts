import { expect, test } from 'vitest'
import { choices, clock, weekText } from './pacing'

test('hours are written as clocks show them', () => {
  expect([0, 540, 1215, 1440].map(clock)).toEqual(['00:00', '09:00', '20:15', '24:00'])
  expect(choices(555).find(({ value }) => value === '555')?.label).toBe('09:15')
  expect(choices()).toHaveLength(49)
})

test('days of the same hours are named together', () => {
  const day = { start: 540, end: 1200 }
  const week = [day, day, day, day, day, day, { start: 720, end: 1200 }]
  expect(weekText(week)).toBe('Mon–Sat 09:00–20:00, Sun 12:00–20:00')
  expect(weekText([...Array(6).fill(day), { start: 0, end: 0 }])).toBe('Mon–Sat 09:00–20:00, Sun never')
})
