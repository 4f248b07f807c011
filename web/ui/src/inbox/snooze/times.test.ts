import assert from 'node:assert/strict'
import { test } from 'node:test'
import { choices, parseTime } from './times.ts'

/** a Wednesday at ten past ten */
const NOW = new Date(2026, 5, 17, 10, 10)
const shown = (date: Date | null) =>
  date &&
  `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()} ${date.getHours()}:${String(date.getMinutes()).padStart(2, '0')}`

test('what people type', () => {
  const table: [string, string | null][] = [
    ['in 2 hours', '2026-6-17 12:10'],
    ['45 min', '2026-6-17 10:55'],
    ['an hour', '2026-6-17 11:10'],
    ['half an hour', '2026-6-17 10:40'],
    ['3 days', '2026-6-20 9:00'],
    ['in 2 weeks at 14:30', '2026-7-1 14:30'],
    ['a month', '2026-7-17 9:00'],
    ['tomorrow', '2026-6-18 9:00'],
    ['Tomorrow at 2pm', '2026-6-18 14:00'],
    ['tomorrow evening', '2026-6-18 18:00'],
    ['today 17:30', '2026-6-17 17:30'],
    ['tonight', '2026-6-17 20:00'],
    ['9am', '2026-6-18 9:00'],
    ['11:45', '2026-6-17 11:45'],
    ['fri', '2026-6-19 9:00'],
    ['friday 9.30', '2026-6-19 9:30'],
    ['next wednesday', '2026-6-24 9:00'],
    ['next week', '2026-6-22 9:00'],
    ['next month noon', '2026-7-17 12:00'],
    ['24 dec', '2026-12-24 9:00'],
    ['march 3', '2027-3-3 9:00'],
    ['2026-12-24 10:30', '2026-12-24 10:30'],
    ['2026-02-31', null],
    ['today 9am', null],
    ['2020-01-01', null],
    ['25:00', null],
    ['13pm', null],
    ['when pigs fly', null],
    ['5', null],
    ['', null],
  ]
  for (const [text, wanted] of table) assert.equal(shown(parseTime(text, NOW)), wanted, text)
})

test('a month ends where the shorter one does', () => {
  assert.equal(shown(parseTime('1 month', new Date(2026, 0, 31, 8))), '2026-2-28 9:00')
})

test('the usual choices', () => {
  assert.deepEqual(
    choices(NOW).map((each) => `${each.label} ${shown(each.until)}`),
    ['Later today 2026-6-17 13:15', 'Tomorrow 2026-6-18 9:00', 'Next week 2026-6-22 9:00'],
  )
  assert.deepEqual(
    choices(new Date(2026, 5, 21, 22, 0)).map((each) => each.label),
    ['Tomorrow'],
  )
})
