import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { api, query } from '../lib/api'
import { plural } from '../lib/format'
import type { Article, ArticleFeedback, Page } from '../lib/types'
import { Ago } from '../settings/parts/Ago'
import { Dialog } from '../settings/parts/Dialog'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState } from '../ui/ErrorState'
import { IconThumbDown, IconThumbUp } from '../ui/icons'
import { Skeleton } from '../ui/Skeleton'
import { languageName } from './help'
import s from './help.module.css'

/** What readers said of an article, with their words where they left some. */
export default function Feedback({ article, onClose }: { article: Article; onClose: () => void }) {
  const { data, error, refetch, hasNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ['articles', 'feedback', article.id],
    queryFn: ({ pageParam }) => api.get<Page<ArticleFeedback>>(`/articles/${article.id}/feedback${query({ cursor: pageParam })}`),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })
  const items = data?.pages.flatMap((page) => page.items)
  return (
    <Dialog title="What readers say" size={560} onClose={onClose}>
      <p className={s.tally}>
        It helped {plural(article.helped, 'reader')} and did not help {article.failed}. Colleagues sent it {plural(article.sent, 'time')}.
      </p>
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !items ? (
        <Skeleton height={120} />
      ) : items.length === 0 ? (
        <EmptyState icon={IconThumbUp} title="Nobody has said anything yet" text="Readers are asked at the end of the article." />
      ) : (
        <ul className={s.feedback}>
          {items.map((each) => (
            <li key={each.id}>
              {each.helped ? <IconThumbUp size={17} aria-label="It helped" /> : <IconThumbDown size={17} aria-label="It did not help" />}
              <div>
                {each.word && <p>{each.word}</p>}
                <small>
                  {languageName(each.language)}, <Ago at={each.at} />
                </small>
              </div>
            </li>
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button variant="default" size="xs" onClick={() => void fetchNextPage()}>
          Older
        </Button>
      )}
    </Dialog>
  )
}
