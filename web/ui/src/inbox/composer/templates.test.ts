import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Template } from '../../lib/types'
import { fillPreview, initialValues, missing, templateContent, variableLabel } from './templates.ts'

const TEMPLATE: Template = {
  id: 't1',
  account_id: 'a1',
  name: 'order_update',
  language: 'en_US',
  category: 'UTILITY',
  status: 'APPROVED',
  quality: null,
  rejected_reason: null,
  parameter_format: 'NAMED',
  header_format: null,
  components: [],
  variables: [
    { where: 'header', key: '1', index: null, card: null, example: '10442' },
    { where: 'body', key: 'first_name', index: null, card: null, example: 'Ana' },
    { where: 'body', key: 'day', index: null, card: null, example: 'Friday' },
    { where: 'button', key: '0', index: 0, card: null, example: 'abc' },
  ],
  preview: {
    header: 'Order {{1}}',
    body: 'Hi {{first_name}}, it comes on {{ day }}.',
    footer: 'Shop',
    buttons: ['Track'],
    cards: [],
    offer: null,
    missing: [],
  },
  alarm: null,
}

test('template: a first name is known beforehand, the rest is missing', () => {
  const values = initialValues(TEMPLATE, 'Ana Silva')
  assert.deepEqual(missing(TEMPLATE, values).map(({ key }) => key), ['1', 'day', '0'])
  assert.equal(fillPreview(TEMPLATE, values).body, 'Hi Ana, it comes on {{ day }}.')
})

test('template: the first numbered value of the text is a name where its example is one, and the agent has a name', () => {
  const variables = (example: string) => [
    { where: 'body' as const, key: '1', index: null, card: null, example },
    { where: 'body' as const, key: 'agent', index: null, card: null, example: 'Ben' },
  ]
  const values = (example: string) => initialValues({ ...TEMPLATE, variables: variables(example) }, 'Ana Silva', 'Olu')
  assert.deepEqual(values('Ama'), { 'body.1': 'Ana', 'body.agent': 'Olu' })
  assert.deepEqual(values('10442'), { 'body.agent': 'Olu' })
})

test('template: a value of spaces is missing', () => {
  assert.equal(missing(TEMPLATE, { 'body.day': '  ' }).length, 4)
})

test('template: values go where the server expects them', () => {
  const values = { 'header.1': '7', 'body.first_name': ' Ana ', 'body.day': 'Monday', 'button.0.0': 'xyz' }
  assert.deepEqual(templateContent(TEMPLATE, values), {
    type: 'template',
    name: 'order_update',
    language: 'en_US',
    parameters: { header: { 1: '7' }, body: { first_name: 'Ana', day: 'Monday' }, buttons: { 0: 'xyz' } },
  })
})

test('template: files, cards and the end of an offer have their places', () => {
  const carousel: Template = {
    ...TEMPLATE,
    variables: [
      { where: 'file', key: 'image', index: null, card: 0, example: null },
      { where: 'body', key: '1', index: null, card: 0, example: 'Lamp' },
      { where: 'button', key: '0', index: 0, card: 1, example: null },
      { where: 'offer', key: 'ends_at', index: null, card: null, example: null },
    ],
    preview: {
      ...TEMPLATE.preview,
      cards: [
        { header: 'Image', file_id: null, body: 'A {{1}}', buttons: [] },
        { header: 'Image', file_id: null, body: '', buttons: ['Shop'] },
      ],
      offer: { text: 'Ends soon', ends_at: null, code: null },
    },
  }
  const values = { 'card.0.file.image': 'file-1', 'card.0.body.1': 'Lamp', 'card.1.button.0.0': 'x', 'offer.ends_at': '2026-12-01T12:00:00.000Z' }
  assert.deepEqual(templateContent(carousel, values).parameters, {
    cards: [{ header_file_id: 'file-1', body: { 1: 'Lamp' } }, { buttons: { 0: 'x' } }],
    offer_ends_at: '2026-12-01T12:00:00.000Z',
  })
  const shown = fillPreview(carousel, values)
  assert.equal(shown.cards?.[0]?.body, 'A Lamp')
  assert.equal(shown.cards?.[0]?.file_id, 'file-1')
  assert.equal(shown.offer?.ends_at, '2026-12-01T12:00:00.000Z')
  assert.deepEqual(missing(carousel, {}).map(variableLabel), [
    'Card 1: image above the text',
    'Card 1: value 1',
    'Card 2: button 1: value',
    'The offer ends',
  ])
})
