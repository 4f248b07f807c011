import assert from 'node:assert/strict'
import test from 'node:test'
import { sentenceOf } from './actions.ts'

const CASES: [string, Record<string, unknown>, string][] = [
  ['session.started', {}, 'signed in'],
  ['member.created', { role: 'agent' }, 'added Ana as agent'],
  ['member.changed', { role: 'readonly', role_name: 'Read-only' }, 'gave Ana the role read-only'],
  ['member.changed', { status: 'disabled' }, 'disabled Ana'],
  ['sessions.revoked', { count: 1 }, 'ended 1 session of Ana'],
  ['conversation.assigned', { member_name: 'Olu' }, 'assigned the conversation with Ana to Olu'],
  ['conversation.assigned', { member_name: null }, 'unassigned the conversation with Ana'],
  ['account.edited', { fields: ['enabled'] }, 'switched the channel Ana on or off'],
  ['broadcast.sent_early', {}, 'broadcast: sent early Ana'],
]

for (const [action, detail, words] of CASES) {
  test(`${action} reads "${words}"`, () => {
    const { before, target, after } = sentenceOf({ action, detail, target: { type: 'member', id: 'mem_1', label: 'Ana' } })
    assert.equal([before, target, after].filter(Boolean).join(' '), words)
  })
}
