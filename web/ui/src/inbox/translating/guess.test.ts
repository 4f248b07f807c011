import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guess } from './guess.ts'

const SAID: [string, string][] = [
  ['Hello, where is my order? I have not heard of it.', 'en'],
  ['Bonjour, ma commande n’est pas arrivée, pouvez-vous m’aider ?', 'fr'],
  ['Hola, ¿dónde está mi pedido?', 'es'],
  ['Guten Tag, wo ist meine Bestellung?', 'de'],
  ['こんにちは。まだありますか？', 'ja'],
  ['مرحبا، هل يمكنني تغيير العنوان؟', 'ar'],
  ['Доброго дня! Де моє замовлення?', 'uk'],
]

for (const [text, code] of SAID) {
  test(`${code}: ${text}`, () => assert.ok(guess(text).includes(code)))
}

test('what tells nothing', () => {
  for (const text of ['', '👍', '1001', 'Ama Owusu', 'https://example.com/x']) assert.deepEqual(guess(text), [])
})
