/** The values of a form that the server describes: what a screen holds, and what is sent. */
import type { Account, ChannelField } from '../../lib/types'

export type Value = string | boolean
export type Values = Record<string, Value>

/** What the fields start with: the account's own values, else the defaults. Secrets always start empty. */
export function startValues(fields: ChannelField[], config: Account['config'] = {}): Values {
  return Object.fromEntries(
    fields.map((field) => {
      const known = field.secret ? undefined : (config[field.name] ?? field.default)
      if (field.type === 'boolean') return [field.name, known === true]
      if (Array.isArray(known)) return [field.name, known.join('\n')]
      if (field.type === 'select') return [field.name, String(known ?? field.options[0]?.[0] ?? '')]
      return [field.name, known === undefined || known === null ? '' : String(known)]
    }),
  )
}

export function isStored(field: ChannelField, config: Account['config']): boolean {
  const kept = config[field.name]
  return typeof kept === 'object' && kept !== null && 'set' in kept && kept.set === true
}

/** What differs from the start, as the server takes it; an empty secret means that the stored one stays. */
export function changedConfig(fields: ChannelField[], values: Values, start: Values): Record<string, unknown> {
  const changed = fields.filter(({ name, secret }) => values[name] !== start[name] && !(secret && values[name] === ''))
  return Object.fromEntries(changed.map((field) => [field.name, asSent(field, values[field.name] ?? '')]))
}

export function wholeConfig(fields: ChannelField[], values: Values): Record<string, unknown> {
  return Object.fromEntries(
    fields
      .filter(({ name }) => values[name] !== '' && values[name] !== undefined)
      .map((field) => [field.name, asSent(field, values[field.name] ?? '')]),
  )
}

function asSent(field: ChannelField, value: Value): unknown {
  if (field.type === 'lines' && typeof value === 'string') return value.split('\n').map((line) => line.trim()).filter(Boolean)
  if (field.type !== 'origins' || typeof value !== 'string') return typeof value === 'string' ? value.trim() : value
  return value.split(/[\s,]+/).filter(Boolean)
}
