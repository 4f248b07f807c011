/** What is written for a channel: an approved template where it needs one, words and a picture where it does not. */
import { templateContent, variableKey, type Values } from '../inbox/composer/templates'
import type { CardParameters, OutgoingContent, Template, TemplateParameters, TemplateVariable } from '../lib/types'

export type TemplateContent = Extract<OutgoingContent, { type: 'template' }>

export const emptyText = (): OutgoingContent => ({ type: 'text', text: '' })

/** What is filled in, by the variables of a template; what it does not ask for is left out. */
export function valuesOf(template: Template, { parameters = {} }: TemplateContent): Values {
  return Object.fromEntries(template.variables.map((variable) => [variableKey(variable), read(parameters, variable) ?? '']))
}

function read(parameters: TemplateParameters, { where, key, index, card }: TemplateVariable): string | null | undefined {
  const from: TemplateParameters | CardParameters | undefined = card == null ? parameters : parameters.cards?.[card]
  if (where === 'file') return from?.header_file_id
  if (where === 'offer') return parameters.offer_ends_at
  if (where === 'button') return from?.buttons?.[String(index ?? 0)]
  return where === 'header' ? parameters.header?.[key] : from?.body?.[key]
}

/** Chosen anew: what was filled in stays where the other template asks for the same. */
export function withTemplate(template: Template, before: OutgoingContent | undefined): TemplateContent {
  const known = before?.type === 'template' ? valuesOf(template, before) : {}
  const usual = Object.fromEntries(template.variables.map((variable) => [variableKey(variable), known[variableKey(variable)] || greeting(variable)]))
  return templateContent(template, usual)
}

/** Numbers say nothing, but the first one is by custom the name; names speak for themselves. */
function greeting({ where, key, card }: TemplateVariable): string {
  return where === 'body' && card == null && (/name/i.test(key) || key === '1') ? '{{ contact.first_name | default: "there" }}' : ''
}

export const withValue = (template: Template, content: TemplateContent, variable: TemplateVariable, value: string): TemplateContent =>
  templateContent(template, { ...valuesOf(template, content), [variableKey(variable)]: value })
