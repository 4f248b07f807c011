/** Filling a template: which values it asks for, how it reads with them, and what is sent. */
import type { OutgoingContent, Template, TemplateParameters, TemplatePreview, TemplateVariable } from '../../lib/types'

export type Values = Record<string, string>

export function variableKey({ where, key, index }: TemplateVariable): string {
  return where === 'button' ? `button.${index ?? 0}.${key}` : `${where}.${key}`
}

export function variableLabel({ where, key, index }: TemplateVariable): string {
  const name = /^\d+$/.test(key) ? `value ${key}` : key.replaceAll('_', ' ')
  if (where === 'header') return `Header: ${name}`
  if (where === 'button') return `Button ${(index ?? 0) + 1}: value`
  return name.charAt(0).toUpperCase() + name.slice(1)
}

export function isApproved(template: Template): boolean {
  return template.status.toUpperCase() === 'APPROVED'
}

export function missing(template: Template, values: Values): TemplateVariable[] {
  return template.variables.filter((variable) => !values[variableKey(variable)]?.trim())
}

/** Names are known; everything else is for the agent to say. The first of numbered values is, by custom, the person's name. */
export function initialValues(template: Template, contactName: string, agentName = ''): Values {
  const values: Values = {}
  const first = contactName.split(' ')[0] ?? ''
  for (const variable of template.variables) {
    const { where, key, example } = variable
    if (/agent|advisor|colleague/i.test(key)) values[variableKey(variable)] = agentName
    else if (/name/i.test(key) || (where === 'body' && key === '1' && looksLikeName(example))) values[variableKey(variable)] = first
  }
  return values
}

/** Amounts, dates and numbers of orders are no names. */
function looksLikeName(example: string | null | undefined): boolean {
  return example !== null && example !== undefined && /^\p{Lu}[\p{L}'’-]+$/u.test(example)
}

/** The preview with what is filled in; what is missing stays visible as its placeholder. */
export function fillPreview({ preview, variables }: Template, values: Values): TemplatePreview {
  const fill = (where: 'header' | 'body', text: string) =>
    text.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (placeholder, key: string) => {
      const variable = variables.find((each) => each.where === where && each.key === key)
      return (variable && values[variableKey(variable)]?.trim()) || placeholder
    })
  return { ...preview, header: preview.header ? fill('header', preview.header) : null, body: fill('body', preview.body) }
}

/** The kind of file a template wants above its text; null for a template of words only. */
export function headerFile(template: Template): 'image' | 'video' | 'document' | null {
  const format = template.header_format?.toLowerCase()
  return format === 'image' || format === 'video' || format === 'document' ? format : null
}

/** What is posted. The server renders the preview itself; the thread shows ours until it answers. */
export function templateContent(
  template: Template,
  values: Values,
  headerFileId: string | null,
): Extract<OutgoingContent, { type: 'template' }> {
  const parameters: TemplateParameters = headerFileId ? { header_file_id: headerFileId } : {}
  for (const variable of template.variables) {
    const value = values[variableKey(variable)]?.trim() ?? ''
    if (variable.where === 'button') (parameters.buttons ??= {})[String(variable.index ?? 0)] = value
    else (parameters[variable.where] ??= {})[variable.key] = value
  }
  return { type: 'template', name: template.name, language: template.language, parameters }
}
