/** Filling a template: which values it asks for, how it reads with them, and what is sent. */
import type { CardParameters, OutgoingContent, Template, TemplateParameters, TemplatePreview, TemplateVariable } from '../../lib/types'

export type Values = Record<string, string>

export function variableKey({ where, key, index, card }: TemplateVariable): string {
  const own = where === 'button' ? `button.${index ?? 0}.${key}` : `${where}.${key}`
  return card === null || card === undefined ? own : `card.${card}.${own}`
}

export function variableLabel({ where, key, index, card }: TemplateVariable): string {
  const name = /^\d+$/.test(key) ? `value ${key}` : key.replaceAll('_', ' ')
  const own =
    where === 'header'
      ? `Header: ${name}`
      : where === 'button'
        ? `Button ${(index ?? 0) + 1}: value`
        : where === 'file'
          ? `${capital(key)} above the text`
          : where === 'offer'
            ? 'The offer ends'
            : capital(name)
  return card === null || card === undefined ? own : `Card ${card + 1}: ${own.charAt(0).toLowerCase()}${own.slice(1)}`
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

/** The values of the text alone: what places that send a plain template ask for. */
export function bodyVariables(template: Template | null | undefined): TemplateVariable[] {
  return template?.variables.filter(({ where, card }) => where === 'body' && card == null) ?? []
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
    const { where, key, example, card } = variable
    if (card != null || where === 'file' || where === 'offer') continue
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
  const given = (where: TemplateVariable['where'], key: string, card: number | null) => {
    const variable = variables.find((each) => each.where === where && each.key === key && (each.card ?? null) === card)
    return (variable && values[variableKey(variable)]?.trim()) || null
  }
  const fill = (where: 'header' | 'body', text: string, card: number | null = null) =>
    text.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (placeholder, key: string) => given(where, key, card) ?? placeholder)
  const code = variables.find((each) => each.where === 'button' && each.card == null)
  return {
    ...preview,
    header: preview.header ? fill('header', preview.header) : null,
    body: fill('body', preview.body ?? ''),
    cards: preview.cards?.map((card, at) => ({ ...card, body: fill('body', card.body ?? '', at), file_id: given('file', fileKind(variables, at), at) })),
    offer: preview.offer && { ...preview.offer, ends_at: given('offer', 'ends_at', null), code: (code && values[variableKey(code)]) || null },
  }
}

function fileKind(variables: readonly TemplateVariable[], card: number): string {
  return variables.find((each) => each.where === 'file' && each.card === card)?.key ?? ''
}

/** What is posted. The server renders the preview itself; the thread shows ours until it answers. */
export function templateContent(template: Template, values: Values): Extract<OutgoingContent, { type: 'template' }> {
  const parameters: TemplateParameters = {}
  const cards: CardParameters[] = []
  for (const variable of template.variables) {
    const { where, key, index, card } = variable
    const value = values[variableKey(variable)]?.trim() ?? ''
    const into: TemplateParameters = card == null ? parameters : (cards[card] ??= {})
    if (where === 'button') (into.buttons ??= {})[String(index ?? 0)] = value
    else if (where === 'file') into.header_file_id = value || null
    else if (where === 'offer') into.offer_ends_at = value || null
    else (into[where] ??= {})[key] = value
  }
  const all = template.preview.cards?.map((_, at) => cards[at] ?? {}) ?? []
  if (all.length > 0) parameters.cards = all
  return { type: 'template', name: template.name, language: template.language, parameters }
}
