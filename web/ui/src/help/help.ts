/** The help centre and its articles, as the screens keep them. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, query } from '../lib/api'
import { queryClient } from '../lib/query'
import type { Article, ArticleDraft, ArticleText, HelpCentre, HelpMisses } from '../lib/types'
import type { Tone } from '../ui/Badge'

export const STATUSES: Record<Article['status'], string> = { draft: 'Draft', published: 'Published', archived: 'Archived' }
export const TONES: Record<Article['status'], Tone> = { draft: 'warn', published: 'ok', archived: 'neutral' }

export const centreQuery = queryOptions({
  queryKey: ['help-centre'],
  queryFn: () => api.get<HelpCentre>('/help-centre'),
})

export const missesQuery = queryOptions({
  queryKey: ['help-centre', 'misses'],
  queryFn: () => api.get<HelpMisses>('/help-centre/misses').then((page) => page.items),
})

export const articleQuery = (id: string) =>
  queryOptions({
    queryKey: ['articles', 'one', id],
    queryFn: () => api.get<Article>(`/articles/${id}`),
  })

export function useCentre(): HelpCentre | undefined {
  return useQuery(centreQuery).data
}

export const hitsPath = (q: string, language: string, everywhere: boolean): string =>
  `/articles/search${query({ q, language, ...(everywhere && { everywhere: 'true' }) })}`

/** A colleague, or a reader, has done something with an article. */
export function articlesChanged(): void {
  void queryClient.invalidateQueries({ queryKey: ['articles'] })
}

export function centreChanged(): void {
  void queryClient.invalidateQueries({ queryKey: ['help-centre'] })
}

export const draftOf = (article: Article): ArticleDraft => ({
  status: article.status,
  internal: article.internal,
  category_id: article.category_id,
  texts: article.texts.map(({ language, title, slug, body, ready }) => ({ language, title, slug, body, ready })),
})

export const emptyText = (language: string, title = ''): ArticleText => ({ language, title, slug: '', body: '', ready: true })

const NAMES = new Intl.DisplayNames(['en'], { type: 'language' })

export function languageName(code: string): string {
  try {
    return NAMES.of(code) ?? code
  } catch {
    return code
  }
}

export function categoryName(centre: HelpCentre | undefined, id: string | null): string {
  const category = centre?.categories.find((each) => each.id === id)
  return category ? (category.names[centre?.languages[0] ?? ''] ?? category.id) : 'No category'
}

/** What a change is about, in words: `texts.fr.body`. */
export function changeLabel(what: string): string {
  const [first, language, part] = what.split('.')
  if (first !== 'texts' || !language) return { status: 'state', internal: 'readers', category_id: 'category' }[what] ?? 'article'
  const words = { title: 'title', slug: 'address', body: 'text', ready: 'readiness' }[part ?? '']
  return words ? `${words} (${languageName(language)})` : `${languageName(language)} text`
}

