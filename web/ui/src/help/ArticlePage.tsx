import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api, query } from '../lib/api'
import { useCan } from '../lib/session'
import type { Article, ArticleDraft } from '../lib/types'
import { Badge } from '../ui/Badge'
import { ErrorState } from '../ui/ErrorState'
import { IconExternalLink } from '../ui/icons'
import { Skeleton } from '../ui/Skeleton'
import { ArticleEditor } from './ArticleEditor'
import { Head } from './Head'
import { articleQuery, categoryName, emptyText, languageName, useCentre } from './help'
import s from './help.module.css'

/** An article to write, for who writes them; to read, for everybody else. */
export function ArticlePage({ id, title }: { id: string; title: string }) {
  const writes = useCan('articles.manage')
  const fresh = id === 'new'
  const centre = useCentre()
  const { data: article, error, refetch } = useQuery({ ...articleQuery(id), enabled: !fresh })
  const heading = article?.texts[0]?.title ?? 'New article'

  useEffect(() => {
    document.title = `${heading} · Parley`
  }, [heading])

  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!centre || (!fresh && !article)) {
    return (
      <div className={s.waiting}>
        <Skeleton width={260} height={22} />
        <Skeleton height={240} />
      </div>
    )
  }
  if (writes) return <ArticleEditor key={id} article={article ?? null} centre={centre} begun={begun(centre.languages[0] ?? 'en', title)} />
  return article ? <Reader article={article} /> : null
}

const begun = (language: string, title: string): ArticleDraft => ({
  status: 'draft',
  internal: false,
  category_id: null,
  texts: [emptyText(language, title)],
})

function Reader({ article }: { article: Article }) {
  const centre = useCentre()
  const ready = article.texts.filter((text) => text.ready)
  const [language, setLanguage] = useState(ready[0]?.language ?? '')
  const text = ready.find((each) => each.language === language) ?? ready[0]
  const { data } = useQuery({
    queryKey: ['articles', 'html', article.id, article.revision, language],
    queryFn: () => api.get<{ html: string }>(`/articles/${article.id}/html${query({ language })}`),
  })
  return (
    <article className={s.detail} aria-label={text?.title}>
      <Head title={text?.title ?? ''} below={categoryName(centre, article.category_id)}>
        {article.internal && <Badge tone="warn">Colleagues only</Badge>}
        {text?.url && (
          <Button component="a" href={text.url} target="_blank" rel="noreferrer" variant="default" size="xs" leftSection={<IconExternalLink size={15} />}>
            As customers see it
          </Button>
        )}
      </Head>
      {ready.length > 1 && (
        <div className={s.languages} role="group" aria-label="Language">
          {ready.map((each) => (
            <button key={each.language} type="button" aria-pressed={each === text} onClick={() => setLanguage(each.language)}>
              {languageName(each.language)}
            </button>
          ))}
        </div>
      )}
      {/* Made harmless by the server. */}
      <div className={s.reading} lang={text?.language} tabIndex={0} role="region" aria-label="Text" dangerouslySetInnerHTML={{ __html: data?.html ?? '' }} />
    </article>
  )
}
