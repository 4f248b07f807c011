import { ActionIcon, Button, Menu, NativeSelect, Switch, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Suspense, lazy, useEffect, useState } from 'react'
import { ApiError, api, messageOf } from '../lib/api'
import { useShortcut } from '../lib/keys'
import { toast } from '../lib/toast'
import type { Article, ArticleDraft, ArticleText, Changed, HelpCentre } from '../lib/types'
import { ConfirmDialog, Problem } from '../settings/parts/ConfirmDialog'
import { Badge } from '../ui/Badge'
import { IconAlertTriangle, IconDots, IconExternalLink, IconHistory, IconPlus, IconThumbUp, IconTrash } from '../ui/icons'
import { Head } from './Head'
import { MarkdownBox } from './MarkdownBox'
import { STATUSES, TONES, articleQuery, articlesChanged, categoryName, changeLabel, draftOf, emptyText, languageName } from './help'
import s from './help.module.css'

const Versions = lazy(() => import('./Versions'))
const Feedback = lazy(() => import('./Feedback'))

interface EditorProps {
  /** null: one that is not kept yet */
  article: Article | null
  centre: HelpCentre
  begun: ArticleDraft
}

export function ArticleEditor({ article, centre, begun }: EditorProps) {
  const client = useQueryClient()
  const navigate = useNavigate()
  // What is being written, and on what: a colleague's change meanwhile is shown, and taken only when it is asked for.
  const [base, setBase] = useState(article)
  const [draft, setDraft] = useState(() => (article ? draftOf(article) : begun))
  const [language, setLanguage] = useState(draft.texts[0]?.language ?? centre.languages[0] ?? 'en')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [theirs, setTheirs] = useState<Changed[] | null>(null)
  const [dialog, setDialog] = useState<'versions' | 'feedback' | 'delete' | null>(null)
  const changed = !base || JSON.stringify(draft) !== JSON.stringify(draftOf(base))
  const newer = article && base && article.revision > base.revision ? article : null
  const text = draft.texts.find((each) => each.language === language)
  const at = draft.texts.findIndex((each) => each.language === language)
  const field = (name: string) => (error instanceof ApiError ? error.field(`texts.${at}.${name}`) : undefined)
  const address = base?.texts.find((each) => each.language === language)?.url

  if (newer && !changed) {
    setBase(newer)
    setDraft(draftOf(newer))
  }

  function set(change: Partial<ArticleDraft>) {
    setDraft((now) => ({ ...now, ...change }))
  }
  function setText(change: Partial<ArticleText>) {
    set({ texts: draft.texts.map((each) => (each.language === language ? { ...each, ...change } : each)) })
  }

  async function save(change: Partial<ArticleDraft> = {}, revision = base?.revision) {
    const wanted = { ...draft, ...change }
    setBusy(true)
    setError(null)
    setTheirs(null)
    try {
      const kept = base ? await api.put<Article>(`/articles/${base.id}`, { ...wanted, revision }) : await api.post<Article>('/articles', wanted)
      client.setQueryData(articleQuery(kept.id).queryKey, kept)
      setBase(kept)
      setDraft(draftOf(kept))
      articlesChanged()
      toast(change.status === 'published' ? 'Published.' : 'Saved.')
      if (!base) void navigate({ to: '/articles/$articleId', params: { articleId: kept.id }, search: {}, replace: true })
    } catch (reason) {
      setError(reason)
      if (reason instanceof ApiError && reason.code === 'changed_meanwhile') {
        setTheirs(reason.problem.changed ?? [])
        if (base) void client.invalidateQueries({ queryKey: articleQuery(base.id).queryKey })
      }
    }
    setBusy(false)
  }

  function takeTheirs() {
    if (!newer) return
    setBase(newer)
    setDraft(draftOf(newer))
    setTheirs(null)
    setError(null)
  }

  useShortcut('mod+s', 'Save the article', 'Window', () => changed && !busy && void save())
  useEffect(() => {
    if (!changed) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [changed])

  const wrong = error && !theirs && !(error instanceof ApiError && error.fields.some((each) => field(each.field.split('.')[2] ?? '')))
  return (
    <section className={s.detail} aria-label="Article">
      <Head
        title={base?.texts[0]?.title ?? 'New article'}
        below={
          <>
            <Badge tone={TONES[draft.status]}>{STATUSES[draft.status]}</Badge>
            {changed ? 'Not saved' : base && `Saved by ${base.changed_by}`}
          </>
        }
      >
        {draft.status !== 'published' && (
          <Button size="xs" variant="default" disabled={busy} onClick={() => void save({ status: 'published' })}>
            Publish
          </Button>
        )}
        <Button size="xs" loading={busy} disabled={!changed} onClick={() => void save()}>
          Save
        </Button>
        {base && (
          <Menu position="bottom-end" width={220}>
            <Menu.Target>
              <ActionIcon aria-label="More">
                <IconDots size={17} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              {address && (
                <Menu.Item leftSection={<IconExternalLink size={16} />} component="a" href={address} target="_blank" rel="noreferrer">
                  As customers see it
                </Menu.Item>
              )}
              <Menu.Item leftSection={<IconHistory size={16} />} onClick={() => setDialog('versions')}>
                Versions…
              </Menu.Item>
              <Menu.Item leftSection={<IconThumbUp size={16} />} onClick={() => setDialog('feedback')}>
                What readers say…
              </Menu.Item>
              {draft.status !== 'draft' && <Menu.Item onClick={() => void save({ status: 'draft' })}>Make it a draft</Menu.Item>}
              {draft.status !== 'archived' && <Menu.Item onClick={() => void save({ status: 'archived' })}>Archive</Menu.Item>}
              <Menu.Item leftSection={<IconTrash size={16} />} color="red" onClick={() => setDialog('delete')}>
                Delete…
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
      </Head>
      <div className={s.work}>
        {(theirs ?? newer) && (
          <div className={s.conflict} role="alert">
            <IconAlertTriangle size={18} aria-hidden />
            <div>
              <b>{theirs ? 'Your change was not saved' : 'This article has just been changed'}</b>
              {theirs?.map((each) => (
                <p key={each.what}>
                  {each.name ?? 'A colleague'} has changed the {changeLabel(each.what)}
                  {typeof each.value === 'string' && each.value && (
                    <>
                      : <q>{each.value}</q>
                    </>
                  )}
                </p>
              ))}
              {!theirs && <p>By {newer?.changed_by}, while you are writing.</p>}
              <div className={s.conflictActions}>
                <Button size="xs" variant="default" disabled={!newer} onClick={takeTheirs}>
                  Take theirs
                </Button>
                {theirs && (
                  <Button size="xs" disabled={!newer} onClick={() => void save({}, newer?.revision)}>
                    Save mine over it
                  </Button>
                )}
              </div>
            </div>
          </div>
        )}
        <Problem text={wrong ? messageOf(error) : ''} />
        <div className={s.facts}>
          <NativeSelect
            size="xs"
            label="Category"
            value={draft.category_id ?? ''}
            data={[{ value: '', label: 'None' }, ...centre.categories.map((each) => ({ value: each.id, label: categoryName(centre, each.id) }))]}
            onChange={(event) => set({ category_id: event.currentTarget.value || null })}
          />
          <NativeSelect
            size="xs"
            label="Who reads it"
            value={draft.internal ? 'colleagues' : 'customers'}
            data={[
              { value: 'customers', label: 'Customers and colleagues' },
              { value: 'colleagues', label: 'Colleagues only' },
            ]}
            onChange={(event) => set({ internal: event.currentTarget.value === 'colleagues' })}
          />
        </div>
        <div className={s.languages} role="group" aria-label="Language">
          {[...new Set([...centre.languages, ...draft.texts.map((each) => each.language)])].map((each) => (
            <button key={each} type="button" aria-pressed={each === language} onClick={() => setLanguage(each)}>
              {languageName(each)}
              {!draft.texts.some((known) => known.language === each) && <small> · none yet</small>}
            </button>
          ))}
        </div>
        {text ? (
          <>
            <TextInput
              label="Title"
              value={text.title}
              lang={language}
              maxLength={200}
              error={field('title')}
              onChange={(event) => setText({ title: event.currentTarget.value })}
              {...(!base && { autoFocus: true })}
            />
            <MarkdownBox value={text.body} language={language} error={field('body')} onChange={(body) => setText({ body })} />
            <div className={s.facts}>
              <TextInput
                size="xs"
                label="Words in its address"
                placeholder="Made from the title"
                value={text.slug}
                maxLength={80}
                onChange={(event) => setText({ slug: event.currentTarget.value })}
              />
              <Switch
                size="sm"
                label={`${languageName(language)} is ready to be read`}
                checked={text.ready}
                onChange={(event) => setText({ ready: event.currentTarget.checked })}
              />
              {draft.texts.length > 1 && (
                <Button
                  size="xs"
                  variant="subtle"
                  color="red"
                  onClick={() => {
                    const rest = draft.texts.filter((each) => each.language !== language)
                    set({ texts: rest })
                    setLanguage(rest[0]?.language ?? language)
                  }}
                >
                  Remove {languageName(language)}
                </Button>
              )}
            </div>
          </>
        ) : (
          <div className={s.noText}>
            <p>There is no {languageName(language)} text yet.</p>
            <Button
              variant="default"
              leftSection={<IconPlus size={15} />}
              onClick={() => set({ texts: [...draft.texts, { ...emptyText(language, draft.texts[0]?.title), body: draft.texts[0]?.body ?? '', ready: false }] })}
            >
              Begin with a copy of {languageName(draft.texts[0]?.language ?? '')}
            </Button>
          </div>
        )}
      </div>
      <Suspense fallback={null}>
        {dialog === 'versions' && base && (
          <Versions
            article={base}
            onRestored={(kept) => {
              setBase(kept)
              setDraft(draftOf(kept))
              client.setQueryData(articleQuery(kept.id).queryKey, kept)
              articlesChanged()
            }}
            onClose={() => setDialog(null)}
          />
        )}
        {dialog === 'feedback' && base && <Feedback article={base} onClose={() => setDialog(null)} />}
      </Suspense>
      {dialog === 'delete' && base && (
        <ConfirmDialog
          title="Delete this article?"
          confirm="Delete"
          onConfirm={async () => {
            await api.delete(`/articles/${base.id}`)
            articlesChanged()
            void navigate({ to: '/articles', search: {} })
            toast('The article was deleted.')
          }}
          onClose={() => setDialog(null)}
        >
          <p>
            <b>{base.texts[0]?.title}</b> goes with all its versions and what readers said of it. Links to it end. To keep it for yourselves, archive it
            instead.
          </p>
        </ConfirmDialog>
      )}
    </section>
  )
}
