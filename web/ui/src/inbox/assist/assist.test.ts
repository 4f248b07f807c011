import assert from 'node:assert/strict'
import { test } from 'node:test'
import { best, fit } from './fuzzy.ts'
import { mentionsIn } from './mentions.ts'
import { placeholders, triggerAt } from './trigger.ts'

test('the start of a name fits better than its middle, and letters in order fit at all', () => {
  const names = ['refund', 'prefund', 'refuse-nd', 'closing']
  assert.deepEqual(best('refund', names, (name) => [name], 9), ['refund', 'prefund', 'refuse-nd'])
  assert.equal(fit('xyz', 'refund'), null)
  assert.ok((fit('kov', 'Ana Kovács') ?? 0) > (fit('nk', 'Ana Kovács') ?? 0))
  assert.deepEqual(best('', names, (name) => [name], 2), ['refund', 'prefund'])
})

test('a menu opens at a sign that begins a word', () => {
  assert.deepEqual(triggerAt('Hi /ref', 7, '/'), { sign: '/', start: 3, end: 7, typed: 'ref' })
  assert.deepEqual(triggerAt('/', 1, '/'), { sign: '/', start: 0, end: 1, typed: '' })
  assert.equal(triggerAt('1/2', 3, '/'), null)
  assert.equal(triggerAt('https://x', 9, '/'), null)
  assert.equal(triggerAt('/ref und', 8, '/'), null)
  assert.equal(triggerAt('@Ama Men', 8, '@')?.typed, 'Ama Men')
  assert.equal(triggerAt('me@example', 10, '@'), null)
})

test('what nobody filled in is found once by name', () => {
  const text = 'Dear {{ contact.name }}, {{contact.name}} {{ CONTACT.LANGUAGE }} {{ x }}'
  assert.deepEqual(
    placeholders(text).map(({ name, start }) => [name, start]),
    [
      ['contact.name', 5],
      ['contact.language', 42],
    ],
  )
})

test('a note names whom its text names, the longer name first', () => {
  const members = [
    { id: '1', name: 'Ama' },
    { id: '2', name: 'Ama Mensah' },
    { id: '3', name: 'Kofi (Support)' },
  ]
  const ids = (text: string) => mentionsIn(text, members).map(({ id }) => id).sort()
  assert.deepEqual(ids('@Ama Mensah please look'), ['2'])
  assert.deepEqual(ids('@ama, and @Ama Mensah'), ['1', '2'])
  assert.deepEqual(ids('@Kofi (Support)!'), ['3'])
  assert.deepEqual(ids('@Amanda ama'), [])
})
