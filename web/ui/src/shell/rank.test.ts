import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ranked } from './rank.ts'

const COMMANDS = ['Reopen', 'Close', 'Assign to me', 'Settings: Closing', 'Éditer']
const rank = (typed: string) => ranked(typed, COMMANDS, (each) => each)

test('the beginning of the text comes before the beginning of a word', () => {
  assert.deepEqual(rank('clos'), ['Close', 'Settings: Closing'])
})

test('every word has to be there, in any order', () => {
  assert.deepEqual(rank('me assign'), ['Assign to me'])
  assert.deepEqual(rank('assign nobody'), [])
})

test('accents and case do not matter; nothing typed leaves everything', () => {
  assert.deepEqual(rank('EDI'), ['Éditer'])
  assert.deepEqual(rank('  '), COMMANDS)
})
