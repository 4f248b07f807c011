import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MediaKind, StoredFile } from '../../lib/types'
import { outgoing } from './outgoing.ts'

const CASES: [string, string, MediaKind[], (string | null)[]][] = [
  ['the text goes under the first that can carry one', 'Here', ['voice', 'image', 'image'], [null, 'Here', null]],
  ['too long for that, it goes by itself', 'Here it is', ['image'], [null, 'Here it is']],
  ['nothing can carry it', 'Here', ['voice'], [null, 'Here']],
  ['no text', '', ['image'], [null]],
]

for (const [name, text, kinds, expected] of CASES) {
  test(`outgoing: ${name}`, () => {
    const files = kinds.map((kind) => ({ kind, stored: { file_id: kind, name: kind } as StoredFile }))
    const messages = outgoing(text, files, { max_caption_chars: 5 })
    const said = messages.map(({ content }) => (content.type === 'media' ? content.caption : content.type === 'text' ? content.text : ''))
    assert.deepEqual(said, expected)
  })
}
