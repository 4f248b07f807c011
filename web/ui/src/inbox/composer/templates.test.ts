import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Template } from '../../lib/types'
import { fillPreview, headerFile, initialValues, missing, templateContent } from './templates.ts'

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
    { where: 'header', key: '1', index: null, example: '10442' },
    { where: 'body', key: 'first_name', index: null, example: 'Ana' },
    { where: 'body', key: 'day', index: null, example: 'Friday' },
    { where: 'button', key: '0', index: 0, example: 'abc' },
  ],
  preview: {
    header: 'Order {{1}}',
    body: 'Hi {{first_name}}, it comes on {{ day }}.',
    footer: 'Shop',
    buttons: ['Track'],
    missing: [],
  },
}

test('template: a first name is known beforehand, the rest is missing', () => {
  const values = initialValues(TEMPLATE, 'Ana Silva')
  assert.deepEqual(missing(TEMPLATE, values).map(({ key }) => key), ['1', 'day', '0'])
  assert.equal(fillPreview(TEMPLATE, values).body, 'Hi Ana, it comes on {{ day }}.')
})

test('template: the first numbered value of the text is a name where its example is one, and the agent has a name', () => {
  const variables = (example: string) => [
    { where: 'body' as const, key: '1', index: null, example },
    { where: 'body' as const, key: 'agent', index: null, example: 'Ben' },
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
  assert.deepEqual(templateContent(TEMPLATE, values, null), {
    type: 'template',
    name: 'order_update',
    language: 'en_US',
    parameters: { header: { 1: '7' }, body: { first_name: 'Ana', day: 'Monday' }, buttons: { 0: 'xyz' } },
  })
})

test('template: a file above the text is asked for by the format of the header', () => {
  assert.equal(headerFile(TEMPLATE), null)
  assert.equal(headerFile({ ...TEMPLATE, header_format: 'TEXT' }), null)
  assert.equal(headerFile({ ...TEMPLATE, header_format: 'IMAGE' }), 'image')
  assert.equal(templateContent(TEMPLATE, {}, 'file-1').parameters?.header_file_id, 'file-1')
})
