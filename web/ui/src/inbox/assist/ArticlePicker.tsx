import { Button, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type KeyboardEvent } from 'react'
import { hitsPath, languageName, useCentre } from '../../help/help'
import { api } from '../../lib/api'
import { toastError } from '../../lib/toast'
import type { ArticleHit, ArticleHits, ArticleSuggestions, InsertedArticle } from '../../lib/types'
import { Dialog } from '../../settings/parts/Dialog'
import { Badge } from '../../ui/Badge'
import { EmptyState } from '../../ui/EmptyState'
import { ErrorState } from '../../ui/ErrorState'
import { IconBook, IconSearch } from '../../ui/icons'
import { Kbd } from '../../ui/Kbd'
import { Marked } from '../../ui/Marked'
import { useSettled } from '../../ui/SearchBox'
import { Skeleton } from '../../ui/Skeleton'
import s from '../../help/help.module.css'

interface ArticlePickerProps {
  conversationId: string
  onInsert: (text: string) => void
  onClose: () => void
}

/** An article's link or its text for the answer; before a word is typed, those that may answer the customer. */
export default function ArticlePicker({ conversationId, onInsert, onClose }: ArticlePickerProps) {
  const centre = useCentre()
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState(0)
  const [busy, setBusy] = useState(false)
  const [language, setLanguage] = useState('')
  const searched = useSettled(text)
  const suggested = useQuery({
    queryKey: ['articles', 'suggested', conversationId],
    queryFn: () => api.get<ArticleSuggestions>(`/conversations/${conversationId}/articles`),
    staleTime: 5_000,
  })
  const found = useQuery({
    queryKey: ['articles', 'search', searched, language],
    queryFn: ({ signal }) => api.get<ArticleHits>(hitsPath(searched, language, false), signal),
    enabled: searched !== '',
    placeholderData: (previous) => previous,
  })
  const { data, error, refetch } = searched ? found : suggested
  const hits = data?.items ?? []
  const current = Math.min(chosen, hits.length - 1)

  async function insert(hit: ArticleHit, form: 'link' | 'text') {
    if (busy || hit.internal) return
    setBusy(true)
    try {
      const body = { conversation_id: conversationId, form, language: hit.language }
      const inserted = await api.post<InsertedArticle>(`/articles/${hit.id}/insert`, body)
      onClose()
      onInsert(inserted.text)
    } catch (problem) {
      toastError('Not inserted', problem)
      setBusy(false)
    }
  }

  function onKeyDown(event: KeyboardEvent) {
    const hit = hits[current]
    if (event.nativeEvent.isComposing) return
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      setChosen(Math.max(0, Math.min(hits.length - 1, current + (event.key === 'ArrowDown' ? 1 : -1))))
    } else if (event.key === 'Enter' && hit) {
      event.preventDefault()
      void insert(hit, event.shiftKey || !hit.url ? 'text' : 'link')
    }
  }

  return (
    <Dialog title="Insert a help article" size={640} onClose={onClose}>
      <div className={s.pick}>
        <TextInput
          aria-label="Search articles"
          placeholder="Search articles"
          leftSection={<IconSearch size={15} />}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value)
            setChosen(0)
          }}
          onKeyDown={onKeyDown}
          data-autofocus
        />
        {searched && (centre?.languages.length ?? 0) > 1 && (
          <div className={s.languages} role="group" aria-label="Language">
            {centre?.languages.map((each, index) => (
              <button key={each} type="button" aria-pressed={language ? each === language : index === 0} onClick={() => setLanguage(each)}>
                {languageName(each)}
              </button>
            ))}
          </div>
        )}
        {!searched && suggested.data?.asked && hits.length > 0 && (
          <p className={s.asked}>
            May answer <q>{suggested.data.asked}</q>
          </p>
        )}
        {error ? (
          <ErrorState error={error} onRetry={() => void refetch()} />
        ) : !data ? (
          <Skeleton height={160} />
        ) : hits.length === 0 ? (
          searched ? (
            <EmptyState icon={IconSearch} title="Nothing found" text={`No article has “${searched}”.`} />
          ) : (
            <EmptyState icon={IconBook} title="Search for an article" text="None seems to answer what the customer wrote last." />
          )
        ) : (
          <ul className={s.hits} aria-label="Articles">
            {hits.map((hit, index) => (
              <li key={`${hit.id} ${hit.language}`} className={s.hit} data-chosen={index === current || undefined}>
                <div>
                  <b>
                    <Marked text={hit.title} marks={hit.title_marks} />
                  </b>
                  {hit.internal && <Badge tone="warn">Colleagues only</Badge>}
                  <p>
                    <Marked text={hit.text} marks={hit.marks} />
                  </p>
                </div>
                {hit.internal ? (
                  <Button component="a" href={`/articles/${hit.id}`} target="_blank" size="compact-sm" variant="default">
                    Read
                  </Button>
                ) : (
                  <div className={s.hitActions}>
                    <Button size="compact-sm" disabled={busy || !hit.url} aria-label={`Insert the link of ${hit.title}`} onClick={() => void insert(hit, 'link')}>
                      Link
                    </Button>
                    <Button
                      size="compact-sm"
                      variant="default"
                      disabled={busy}
                      aria-label={`Insert the text of ${hit.title}`}
                      onClick={() => void insert(hit, 'text')}
                    >
                      Text
                    </Button>
                  </div>
                )}
              </li>
            ))}
          </ul>
        )}
        <p className={s.asked}>
          <Kbd>↵</Kbd> inserts the link, <Kbd>Shift</Kbd> <Kbd>↵</Kbd> the text.
        </p>
      </div>
    </Dialog>
  )
}
