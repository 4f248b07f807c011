/** Templates of the accounts and those that are being written: read, changed, said in words. */
import { queryOptions } from '@tanstack/react-query'
import { api } from '../lib/api'
import { queryClient } from '../lib/query'
import { Cell } from '../lib/store'
import type { ContentBlock, ContentTemplate, ContentWording, GalleryTemplate, Page, Template, TemplateDraft, TemplateDraftRow, TemplatesChecked, TextVariable, WholeTemplate } from '../lib/types'
import type { Tone } from '../ui/Badge'

export const templatesQuery = queryOptions({
  queryKey: ['templates', 'all'],
  queryFn: ({ signal }) => api.get<Page<Template>>('/templates', signal).then((page) => page.items),
})

export const draftsQuery = queryOptions({
  queryKey: ['template-drafts'],
  queryFn: ({ signal }) => api.get<Page<TemplateDraftRow>>('/template-drafts', signal).then((page) => page.items),
})

export const templateQuery = (id: string) =>
  queryOptions({ queryKey: ['templates', 'one', id], queryFn: ({ signal }) => api.get<WholeTemplate>(`/templates/${id}`, signal) })

export const draftQuery = (id: string) =>
  queryOptions({ queryKey: ['template-draft', id], queryFn: ({ signal }) => api.get<TemplateDraftRow>(`/template-drafts/${id}`, signal) })

export const contentsQuery = queryOptions({
  queryKey: ['content-templates'],
  queryFn: ({ signal }) => api.get<Page<ContentTemplate>>('/content-templates', signal).then((page) => page.items),
})

export const contentQuery = (id: string) =>
  queryOptions({ queryKey: ['content-templates', id], queryFn: ({ signal }) => api.get<ContentTemplate>(`/content-templates/${id}`, signal) })

export const blocksQuery = queryOptions({
  queryKey: ['content-blocks'],
  queryFn: ({ signal }) => api.get<Page<ContentBlock>>('/content-blocks', signal).then((page) => page.items),
})

export const blockQuery = (id: string) =>
  queryOptions({ queryKey: ['content-blocks', id], queryFn: ({ signal }) => api.get<ContentBlock>(`/content-blocks/${id}`, signal) })

/** One that is changed is changed in the content templates that it stands in. */
export function blocksChanged(): void {
  void queryClient.invalidateQueries({ queryKey: ['content-blocks'] })
  void queryClient.invalidateQueries({ queryKey: ['content-templates'] })
  void queryClient.invalidateQueries({ queryKey: ['content-check'] })
}

/** It comes with Parley: nothing changes it. */
export const galleryQuery = queryOptions({
  queryKey: ['template-gallery'],
  queryFn: ({ signal }) => api.get<Page<GalleryTemplate>>('/template-gallery', signal).then((page) => page.items),
  staleTime: Number.POSITIVE_INFINITY,
})

export const variablesQuery = queryOptions({
  queryKey: ['variables'],
  queryFn: () => api.get<Page<TextVariable>>('/variables').then((page) => page.items),
  staleTime: Number.POSITIVE_INFINITY,
})

/** An event, or something done here. */
export function templatesChanged(): void {
  void queryClient.invalidateQueries({ queryKey: ['templates'] })
  void queryClient.invalidateQueries({ queryKey: ['template-drafts'] })
}

export const GALLERY = 'gallery'
export const NEW_CONTENT = 'new-content'
/** What a new content template begins with, when it was chosen in the gallery. */
export const begun = new Cell<{ name: string; wordings: ContentWording[] } | null>(null)
export const isContentId = (id: string): boolean => id === NEW_CONTENT || id.startsWith('ctp_')
export const NEW_BLOCK = 'new-block'
export const isBlockId = (id: string): boolean => id === NEW_BLOCK || id.startsWith('blk_')
export const isDraftId = (id: string): boolean => id.startsWith('tpd_')

export const EMPTY: TemplateDraft = {
  name: '',
  language: 'en',
  category: 'UTILITY',
  header: null,
  body: '',
  examples: {},
  header_examples: {},
  footer: '',
  buttons: [],
  cards: [],
  offer: null,
  code: null,
}

export async function newDraft(accountId: string, draft: TemplateDraft, templateId: string | null = null): Promise<TemplateDraftRow> {
  const made = await api.post<TemplateDraftRow>('/template-drafts', { account_id: accountId, draft, template_id: templateId })
  templatesChanged()
  return made
}

/** spring_offer → spring_offer_2 */
export function copyName(name: string, taken: readonly string[]): string {
  const [, start = name, number] = /^(.*?)(?:_(\d+))?$/.exec(name) ?? []
  let next = Number(number ?? 1) + 1
  while (taken.includes(`${start}_${next}`)) next += 1
  return `${start}_${next}`
}

/** As they come from the server and as they are filled in. */
export type Examples = Record<string, string | undefined>

export type Problems = ReadonlyMap<string, string>

export const problemsOf = (checked: TemplatesChecked | undefined): Problems =>
  new Map(checked?.problems.toReversed().map(({ field, message }) => [field, message]) ?? [])

/** The variables of a text, each once, in order. */
export function variablesOf(text: string): string[] {
  return [...new Set([...text.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map((match) => match[1] ?? ''))]
}

/** The next number, or a name where names are used. */
export function nextVariable(text: string): string {
  const names = variablesOf(text)
  if (names.some((name) => !/^\d+$/.test(name))) return names.includes('name') ? `value_${names.length + 1}` : 'name'
  return String(names.length + 1)
}

const TONES: Record<string, Tone> = {
  APPROVED: 'ok',
  PENDING: 'warn',
  IN_APPEAL: 'warn',
  PAUSED: 'danger',
  REJECTED: 'danger',
  DISABLED: 'danger',
  DRAFT: 'neutral',
  CONTENT: 'ok',
  BLOCK: 'ok',
}

export const statusTone = (status: string): Tone => TONES[status.toUpperCase()] ?? 'neutral'
export const STATUS_WORDS: Record<string, string> = { PENDING: 'In review', IN_APPEAL: 'In appeal', CONTENT: 'Ready', BLOCK: 'Block' }

export function words(constant: string): string {
  const text = STATUS_WORDS[constant.toUpperCase()] ?? constant.replaceAll('_', ' ').toLowerCase()
  return text.charAt(0).toUpperCase() + text.slice(1)
}

const LANGUAGES = 'en en_US en_GB fr es es_MX pt_BR pt_PT de it nl pl tr ar he hi ur bn id ms sw ha zu af fa ru uk el ro hu cs sv da nb fi th vi zh_CN zh_TW ja ko'

export function languageOptions(chosen: string): string[] {
  const all = LANGUAGES.split(' ')
  return chosen === '' || all.includes(chosen) ? all : [chosen, ...all]
}
