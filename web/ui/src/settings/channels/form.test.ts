import assert from 'node:assert/strict'
import test from 'node:test'
import type { ChannelField } from '../../lib/types.ts'
import { changedConfig, isStored, startValues, wholeConfig } from './form.ts'

function field(name: string, more: Partial<ChannelField> = {}): ChannelField {
  return { name, label: name, help: '', placeholder: '', secret: false, required: true, type: 'text', options: [], default: null, ...more }
}

const FIELDS = [
  field('number'),
  field('token', { secret: true, type: 'password' }),
  field('origins', { type: 'origins', default: [] }),
  field('delivery', { type: 'select', options: [['webhook', 'Webhook'], ['polling', 'Polling']], default: 'webhook' }),
  field('strict', { type: 'boolean', default: false }),
]

test('a new form starts with the defaults', () => {
  assert.deepEqual(startValues(FIELDS), { number: '', token: '', origins: '', delivery: 'webhook', strict: false })
})

test('a stored secret is never shown', () => {
  const config = { number: '12', token: { set: true }, origins: ['https://a.example', 'https://b.example'], strict: true }
  const start = startValues(FIELDS, config)
  assert.deepEqual(start, { number: '12', token: '', origins: 'https://a.example\nhttps://b.example', delivery: 'webhook', strict: true })
  assert.equal(isStored(FIELDS[1]!, config), true)
  assert.equal(isStored(FIELDS[0]!, config), false)
})

test('only what was changed is sent, and an empty secret is not', () => {
  const start = startValues(FIELDS, { number: '12', token: { set: true } })
  assert.deepEqual(changedConfig(FIELDS, start, start), {})
  assert.deepEqual(changedConfig(FIELDS, { ...start, number: ' 13 ', origins: 'https://a.example, https://b.example' }, start), {
    number: '13',
    origins: ['https://a.example', 'https://b.example'],
  })
  assert.deepEqual(changedConfig(FIELDS, { ...start, token: 'new' }, start), { token: 'new' })
})

test('a new account is sent with everything that is filled in', () => {
  assert.deepEqual(wholeConfig(FIELDS, { ...startValues(FIELDS), token: ' secret ' }), {
    token: 'secret',
    delivery: 'webhook',
    strict: false,
  })
})
