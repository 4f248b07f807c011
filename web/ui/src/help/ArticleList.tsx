import { ActionIcon, Button, NativeSelect } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useState, type KeyboardEvent } from 'react'
import { useNow } from '../inbox/useNow'
import { api, query } from '../lib/api'
import { listTime } from '../lib/format'
import { useShortcut } from '../lib/keys'
import { useCan } from '../lib/session'
import { toastError } from '../lib/toast'
import type { ArticleHits, ArticleItem, Page } from '../lib/types'
import { Badge } from '../ui/Badge'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState } from '../ui/ErrorState'
import { IconArrowDown, IconArrowUp, IconBook, IconLock, IconPlus, IconSearch, IconSettings, IconThumbDown, IconThumbUp } from '../ui/icons'
import { Marked } from '../ui/Marked'
import { SearchBox, useSettled } from '../ui/SearchBox'
import { Skeleton } from '../ui/Skeleton'
import { moreBeforeEnd } from '../ui/TwoPane'
import pane from '../ui/two-pane.module.css'
import { STATUSES, TONES, articlesChanged, categoryName, hitsPath, languageName, useCentre } from './help'
import { useNewArticle } from './newArticle'
import s from './help.module.css'

const PAGE_SIZE = 40
const LOAD_BEFORE_END_PX = 600

export function ArticleList() {
  const writes = useCan('articles.manage')
  const centre = useCentre()
  const create = useNewArticle()
  const [text, setText] = useState('')
  const search = useSettled(text)
  const [status, setStatus] = useState('')
  const [category, setCategory] = useState('')
  const [more, setMore] = useState('')
  const [kind, value] = more.split(':')
  const filter = {
    status,
    category_id: category,
    internal: kind === 'internal' ? value : '',
    missing: kind === 'missing' ? value : '',
    limit: PAGE_SIZE,
  }
  const languages = centre?.languages ?? []
  useShortcut('c', 'Write an article', 'Conversations', () => create(), writes)

  return (
    <section className={pane.list} aria-label="Articles">
      <div className={pane.listHead}>
        <div className={s.listTitle}>
          <h1>Help centre</h1>
          {writes && (
            <>
              <ActionIcon component={Link} to="/settings/help" aria-label="Set up the help centre" title="Set up the help centre">
                <IconSettings size={17} />
              </ActionIcon>
              <Button size="xs" leftSection={<IconPlus size={15} />} onClick={() => create()}>
                New
              </Button>
            </>
          )}
        </div>
        <SearchBox label="Search articles" placeholder="Search articles" value={text} onChange={setText} />
        {!search && (
          <div className={pane.filters}>
            {writes && (
              <NativeSelect
                size="xs"
                aria-label="State"
                value={status}
                data={[{ value: '', label: 'Any state' }, ...Object.entries(STATUSES).map(([each, label]) => ({ value: each, label }))]}
                onChange={(event) => setStatus(event.currentTarget.value)}
              />
            )}
            {centre && centre.categories.length > 0 && (
              <NativeSelect
                size="xs"
                aria-label="Category"
                value={category}
                data={[{ value: '', label: 'Any category' }, ...centre.categories.map((each) => ({ value: each.id, label: categoryName(centre, each.id) }))]}
                onChange={(event) => setCategory(event.currentTarget.value)}
              />
            )}
            <NativeSelect
              size="xs"
              aria-label="Readers and languages"
              value={more}
              data={[
                { value: '', label: 'For anybody' },
                { value: 'internal:false', label: 'For customers' },
                { value: 'internal:true', label: 'For colleagues only' },
                ...(languages.length > 1 ? languages.map((each) => ({ value: `missing:${each}`, label: `Not in ${languageName(each)} yet` })) : []),
              ]}
              onChange={(event) => setMore(event.currentTarget.value)}
            />
          </div>
        )}
      </div>
      {search ? <Hits q={search} languages={languages} /> : <Articles filter={filter} />}
    </section>
  )
}

type Filter = Record<string, string | number | undefined>

function Articles({ filter }: { filter: Filter }) {
  const now = useNow()
  const centre = useCentre()
  const writes = useCan('articles.manage')
  const create = useNewArticle()
  const pages = useInfiniteQuery({
    queryKey: ['articles', 'list', filter],
    queryFn: ({ pageParam, signal }) => api.get<Page<ArticleItem>>(`/articles${query({ ...filter, cursor: pageParam })}`, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = pages
  const found = data?.pages.flatMap((page) => page.items)
  const short = found !== undefined && found.length < PAGE_SIZE / 2 && hasNextPage && !isFetchingNextPage
  useEffect(() => {
    // A page may be short though more would fit; the list goes on until it fills the screen.
    if (short) void fetchNextPage()
  }, [short, fetchNextPage])

  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!found) {
    return (
      <div className={s.waiting}>
        {Array.from({ length: 6 }, (_, index) => (
          <Skeleton key={index} height={52} />
        ))}
      </div>
    )
  }
  if (found.length === 0 && !hasNextPage) {
    return Object.entries(filter).some(([name, value]) => name !== 'limit' && value) ? (
      <EmptyState icon={IconSearch} title="No article fits" text="Nothing matches these filters." />
    ) : (
      <EmptyState
        icon={IconBook}
        title="No articles yet"
        text="What customers ask every week, written down once."
        action={writes && <Button onClick={() => create()}>Write the first article</Button>}
      />
    )
  }
  // One category whole is in the order in which readers see it, and can be put into another one.
  const sortable = writes && Boolean(filter.category_id) && !filter.status && !filter.internal && !filter.missing && !hasNextPage
  const shown = filter.category_id ? found.toSorted((a, b) => a.position - b.position || a.number - b.number) : found

  async function move(at: number, step: number) {
    const ids = shown.map((each) => each.id)
    const [moved] = ids.splice(at, 1)
    if (!moved || at + step < 0 || at + step > ids.length) return
    ids.splice(at + step, 0, moved)
    try {
      await api.put(`/help-centre/categories/${String(filter.category_id)}/order`, { article_ids: ids })
    } catch (problem) {
      toastError('Not moved', problem)
    }
    articlesChanged()
  }

  return (
    <nav className={pane.rows} aria-label="Articles" onScroll={moreBeforeEnd(pages, LOAD_BEFORE_END_PX)}>
      {shown.map((article, index) => (
        <div
          key={article.id}
          className={s.rowBox}
          onKeyDown={(event: KeyboardEvent) => {
            if (!sortable || !event.altKey || !['ArrowUp', 'ArrowDown'].includes(event.key)) return
            event.preventDefault()
            void move(index, event.key === 'ArrowUp' ? -1 : 1)
          }}
        >
          <Link to="/articles/$articleId" params={{ articleId: article.id }} search={{}} className={s.row} preload={false}>
            <span className={s.rowTop}>
              <b>{article.titles[0]?.title}</b>
              <time dateTime={article.updated_at ?? ''}>{listTime(article.updated_at ?? '', now)}</time>
            </span>
            <span className={s.rowBottom}>
              <span className={s.rowWho}>{categoryName(centre, article.category_id)}</span>
              <Judged helped={article.helped} failed={article.failed} />
              {article.internal && (
                <span className={s.lock} title="For colleagues only">
                  <IconLock size={14} aria-label="For colleagues only" />
                </span>
              )}
              <Badge tone={TONES[article.status]}>{STATUSES[article.status]}</Badge>
            </span>
          </Link>
          {sortable && (
            <span className={s.movers}>
              <ActionIcon size="sm" aria-label={`Move ${article.titles[0]?.title ?? ''} up`} disabled={index === 0} onClick={() => void move(index, -1)}>
                <IconArrowUp size={15} />
              </ActionIcon>
              <ActionIcon
                size="sm"
                aria-label={`Move ${article.titles[0]?.title ?? ''} down`}
                disabled={index === shown.length - 1}
                onClick={() => void move(index, 1)}
              >
                <IconArrowDown size={15} />
              </ActionIcon>
            </span>
          )}
        </div>
      ))}
    </nav>
  )
}

export function Judged({ helped, failed }: { helped: number; failed: number }) {
  if (helped + failed === 0) return null
  return (
    <span className={s.judged} title={`${helped} said that it helped, ${failed} that it did not`}>
      <IconThumbUp size={13} aria-label="Helped" /> {helped} <IconThumbDown size={13} aria-label="Did not help" /> {failed}
    </span>
  )
}

/** In every language of the centre, one after the other. */
function Hits({ q, languages }: { q: string; languages: string[] }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['articles', 'search', q, languages],
    queryFn: ({ signal }) =>
      Promise.all(languages.map((language) => api.get<ArticleHits>(hitsPath(q, language, true), signal))).then((all) => all.flatMap((each) => each.items)),
    enabled: languages.length > 0,
    staleTime: 5_000,
  })
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!data) {
    return (
      <div className={s.quiet} role="status">
        Searching…
      </div>
    )
  }
  if (data.length === 0) return <EmptyState icon={IconSearch} title="Nothing found" text={`No article has “${q}”.`} />
  return (
    <nav className={pane.rows} aria-label="Found articles">
      {data.map((hit) => (
        <Link
          key={`${hit.id} ${hit.language}`}
          to="/articles/$articleId"
          params={{ articleId: hit.id }}
          search={{}}
          className={s.row}
          preload={false}
        >
          <span className={s.rowTop}>
            <b>
              <Marked text={hit.title} marks={hit.title_marks} />
            </b>
            {hit.status !== 'published' && <Badge tone={TONES[hit.status]}>{STATUSES[hit.status]}</Badge>}
            {hit.internal && <IconLock size={14} aria-label="For colleagues only" />}
          </span>
          <span className={s.excerpt}>
            <Marked text={hit.text} marks={hit.marks} />
          </span>
        </Link>
      ))}
    </nav>
  )
}
