import assert from 'node:assert/strict'
import { test } from 'node:test'
import { repeatOf, repeatText, ruleOf, spanText } from './times.ts'

test('what repeats is stored as a rule and read back', () => {
  const repeat = { every: 'WEEKLY', interval: 2, days: ['TU', 'FR'] } as const
  assert.equal(ruleOf({ ...repeat, days: [...repeat.days] }), 'FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,FR')
  assert.deepEqual(repeatOf('FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,FR'), repeat)
  assert.equal(repeatText('FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,FR'), 'every 2 weeks on Tue and Fri')
  assert.equal(repeatText('FREQ=DAILY'), 'every day')
})

test('a rule of another program is left alone', () => {
  assert.equal(repeatOf('FREQ=MONTHLY;BYMONTHDAY=-1'), null)
  assert.equal(repeatText('FREQ=YEARLY;BYMONTH=3'), 'by the rule FREQ=YEARLY;BYMONTH=3')
})

test('spans are told in whole units', () => {
  assert.deepEqual([1, 90, 120, 1440, 4320].map(spanText), ['a minute', '90 minutes', '2 hours', 'a day', '3 days'])
})
