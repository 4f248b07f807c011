import { Button } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, messageOf, query } from '../lib/api'
import { toast } from '../lib/toast'
import type { Article, ArticleVersions } from '../lib/types'
import { Ago } from '../settings/parts/Ago'
import { Problem } from '../settings/parts/ConfirmDialog'
import { Dialog } from '../settings/parts/Dialog'
import { ErrorState } from '../ui/ErrorState'
import { Skeleton } from '../ui/Skeleton'
import { languageName } from './help'
import s from './help.module.css'

interface VersionsProps {
  article: Article
  onRestored: (article: Article) => void
  onClose: () => void
}

/** What the article was, and a way back to it. */
export default function Versions({ article, onRestored, onClose }: VersionsProps) {
  const [chosen, setChosen] = useState(article.revision)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const { data, error, refetch, hasNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ['articles', 'versions', article.id, article.revision],
    queryFn: ({ pageParam }) => api.get<ArticleVersions>(`/articles/${article.id}/versions${query({ cursor: pageParam })}`),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })
  const version = useQuery({
    queryKey: ['articles', 'version', article.id, chosen],
    queryFn: () => api.get<Article>(`/articles/${article.id}/versions/${chosen}`),
  })

  async function restore() {
    setBusy(true)
    setProblem('')
    try {
      onRestored(await api.post<Article>(`/articles/${article.id}/restore`, { version: chosen, revision: article.revision }))
      toast('Brought back, as the newest version.')
      onClose()
    } catch (reason) {
      setProblem(messageOf(reason))
      setBusy(false)
    }
  }

  return (
    <Dialog title="Versions" size={860} onClose={onClose}>
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Skeleton height={240} />
      ) : (
        <div className={s.versions}>
          <div className={s.versionList} role="group" aria-label="Versions">
            {data.pages
              .flatMap((page) => page.items)
              .map((each) => (
                <button key={each.revision} type="button" aria-pressed={each.revision === chosen} onClick={() => setChosen(each.revision)}>
                  <b>{each.revision === article.revision ? 'As it is now' : `Version ${each.revision}`}</b>
                  <span>
                    {each.changed_by}, <Ago at={each.at} />
                  </span>
                </button>
              ))}
            {hasNextPage && (
              <Button variant="default" size="xs" onClick={() => void fetchNextPage()}>
                Older
              </Button>
            )}
          </div>
          <div className={s.versionText} tabIndex={0} role="region" aria-label="Text of this version">
            {version.error ? <ErrorState error={version.error} /> : !version.data && <Skeleton height={160} />}
            {version.data?.texts.map((text) => (
              <section key={text.language} lang={text.language}>
                <h3>
                  {text.title} <small>{languageName(text.language)}</small>
                </h3>
                <pre>{text.body}</pre>
              </section>
            ))}
          </div>
        </div>
      )}
      <Problem text={problem} />
      <div className={s.dialogFoot}>
        <Button variant="default" onClick={onClose}>
          Close
        </Button>
        <Button loading={busy} disabled={chosen === article.revision} onClick={() => void restore()}>
          Bring this version back
        </Button>
      </div>
    </Dialog>
  )
}
