// The TypeScript of the API's types: its OpenAPI document comes in on stdin, what goes out is src/lib/schema.ts.
// `python -m web.build` runs it.

import { text } from 'node:stream/consumers'
import { compile } from 'json-schema-to-typescript'

const { components } = JSON.parse(await text(process.stdin))

/** A schema as the compiler reads it: its kind of references, tuples and records, and no names for properties. */
function adapted(schema) {
  if (Array.isArray(schema)) return schema.map(adapted)
  if (schema === null || typeof schema !== 'object') return schema
  const { title, default: _, discriminator, minItems, maxItems, propertyNames, ...rest } = schema
  if (rest.$ref) return { $ref: rest.$ref.replace('#/components/schemas/', '#/$defs/') }
  if (rest.prefixItems) {
    const items = rest.prefixItems.map(adapted)
    return { type: 'array', items, minItems: items.length, maxItems: items.length }
  }
  const result = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, adapted(value)]))
  if (rest.properties) {
    // Their keys are names, which may look like a keyword ("title").
    const properties = Object.entries(rest.properties)
    result.properties = Object.fromEntries(properties.map(([name, value]) => [name, adapted(value)]))
  }
  const keys = named(propertyNames)?.enum
  if (keys) {
    result.properties = Object.fromEntries(keys.map((key) => [key, result.additionalProperties]))
    result.additionalProperties = false
  }
  return result
}

function named(schema) {
  return schema?.$ref ? components.schemas[schema.$ref.split('/').at(-1)] : schema
}

const names = Object.keys(components.schemas).sort()
const definitions = names.map((name) => [name, { ...adapted(components.schemas[name]), title: name }])
const $defs = Object.fromEntries(definitions)
// Any JSON at all; the compiler would make an object of it.
if ($defs.JsonValue) $defs.JsonValue.tsType = 'unknown'

const source = await compile(
  {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, { $ref: `#/$defs/${name}` }])),
    $defs,
  },
  'Everything',
  {
    additionalProperties: false,
    bannerComment: '',
    strictIndexSignatures: true,
    style: { semi: false, singleQuote: true, printWidth: 120 },
  },
)
// What tied the types together for the compiler is of no use to anybody else.
process.stdout.write(source.replace(/export interface Everything \{[^}]*\}\n/, ''))
