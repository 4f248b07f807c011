import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countSegments } from './segments.ts'

const CASES: [name: string, text: string, encoding: string, segments: number, chars: number][] = [
  ['nothing', '', 'GSM-7', 0, 0],
  ['plain text', 'Hello', 'GSM-7', 1, 5],
  ['a full single message', 'a'.repeat(160), 'GSM-7', 1, 160],
  ['one more becomes two parts', 'a'.repeat(161), 'GSM-7', 2, 161],
  ['two full parts', 'a'.repeat(306), 'GSM-7', 2, 306],
  ['three parts', 'a'.repeat(307), 'GSM-7', 3, 307],
  ['the euro sign takes two', '€', 'GSM-7', 1, 2],
  ['80 euro signs fill one message', '€'.repeat(80), 'GSM-7', 1, 160],
  ['accents of the basic table', 'äöüñàÇ', 'GSM-7', 1, 6],
  ['a letter outside the table', 'ç', 'UCS-2', 1, 1],
  ['a full single message in UCS-2', 'ж'.repeat(70), 'UCS-2', 1, 70],
  ['two parts in UCS-2', 'ж'.repeat(71), 'UCS-2', 2, 71],
  ['an emoji is two units', '🙂', 'UCS-2', 1, 2],
]

for (const [name, text, encoding, segments, chars] of CASES) {
  test(`segments: ${name}`, () => {
    const result = countSegments(text)
    assert.deepEqual([result.encoding, result.segments, result.chars], [encoding, segments, chars])
  })
}

test('segments: an escaped pair is not divided between two parts', () => {
  // 152 + 2 does not fit into 153, so the euro sign opens the second part: 152 | 2 + 151 | 2.
  assert.equal(countSegments(`${'a'.repeat(152)}€${'a'.repeat(152)}`).segments, 3)
})

test('segments: an emoji is not divided between two parts', () => {
  assert.equal(countSegments(`${'ж'.repeat(66)}🙂${'ж'.repeat(66)}`).segments, 3)
})
