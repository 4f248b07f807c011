import { Button, NativeSelect, Switch, TextInput } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { PhonePreview } from '../inbox/composer/PhonePreview'
import { ApiError, api, messageOf } from '../lib/api'
import { languageName, plural } from '../lib/format'
import { queryClient } from '../lib/query'
import { useCan } from '../lib/session'
import { setTitle } from '../lib/title'
import { toast, toastError } from '../lib/toast'
import type { Template, TemplateDraft, TemplateDraftRow, TemplatesChecked } from '../lib/types'
import { ErrorState } from '../ui/ErrorState'
import { IconPlus, IconTrash } from '../ui/icons'
import { useSettled } from '../ui/SearchBox'
import { Skeleton } from '../ui/Skeleton'
import { Problem } from '../settings/parts/ConfirmDialog'
import { ButtonFields } from './ButtonFields'
import { CardFields } from './CardFields'
import { CodeFields } from './CodeFields'
import { HeaderFields } from './HeaderFields'
import { Head } from './TemplateDetail'
import { VariableWords } from './VariableWords'
import { draftQuery, languageOptions, problemsOf, templatesChanged, type Problems } from './templates'
import s from './templates.module.css'

export function DraftPane({ id }: { id: string }) {
  const { data: draft, error, refetch } = useQuery(draftQuery(id))
  useEffect(() => {
    setTitle('Template draft · Parley')
  }, [])
  if (error && !draft) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!draft) {
    return (
      <div className={s.waiting} role="status" aria-label="Loading">
        <Skeleton width={320} height={36} />
        <Skeleton height={320} />
      </div>
    )
  }
  return <DraftEditor row={draft} />
}

const CATEGORIES = [
  { value: 'UTILITY', label: 'Utility: about something the customer did' },
  { value: 'MARKETING', label: 'Marketing: offers and news' },
  { value: 'AUTHENTICATION', label: 'Authentication: one-time codes' },
]

function DraftEditor({ row }: { row: TemplateDraftRow }) {
  const navigate = useNavigate()
  const mayWrite = useCan('templates.manage')
  const [draft, setDraft] = useState<TemplateDraft>(row.draft)
  const [revision, setRevision] = useState(row.revision)
  const [stored, setStored] = useState(JSON.stringify(row.draft))
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState<'save' | 'submit' | null>(null)
  const [refusal, setRefusal] = useState<unknown>(null)
  const now = JSON.stringify(draft)
  const settled = useSettled(now)
  const { data: checked } = useQuery({
    queryKey: ['template-check', row.account_id, settled],
    queryFn: ({ signal }) =>
      api.post<TemplatesChecked>('/template-drafts/check', { account_id: row.account_id, draft: JSON.parse(settled) as TemplateDraft }, undefined, signal),
    enabled: mayWrite,
    placeholderData: keepPreviousData,
    gcTime: 0,
  })
  const found = problemsOf(checked)
  const server: Problems = new Map(
    refusal instanceof ApiError ? refusal.fields.map(({ field, message }) => [field.replace(/^draft\./, ''), message]) : [],
  )
  // What is not written yet is no mistake before one wants to submit it.
  const problem = (field: string): string | undefined => (tried ? (found.get(field) ?? server.get(field)) : undefined)
  const set = (change: Partial<TemplateDraft>) => {
    setDraft((before) => ({ ...before, ...change }))
    setRefusal(null)
  }
  const fixed = row.template_id !== null
  const code = draft.category === 'AUTHENTICATION'

  async function save(): Promise<void> {
    if (now === stored) return
    const saved = await api.patch<TemplateDraftRow>(`/template-drafts/${row.id}`, { draft, revision })
    setRevision(saved.revision)
    setStored(now)
    queryClient.setQueryData(draftQuery(row.id).queryKey, saved)
    templatesChanged()
  }

  async function keep() {
    setBusy('save')
    try {
      await save()
      toast('Draft saved')
    } catch (error) {
      toastError('Not saved', error)
    }
    setBusy(null)
  }

  async function submit() {
    setTried(true)
    setBusy('submit')
    setRefusal(null)
    try {
      await save()
      const made = await api.post<Template>(`/template-drafts/${row.id}/submit`)
      toast('Submitted. The review takes minutes, at most a day.')
      templatesChanged()
      void navigate({ to: '/templates/$templateId', params: { templateId: made.id } })
    } catch (error) {
      setRefusal(error)
      setBusy(null)
    }
  }

  async function throwAway() {
    try {
      await api.delete(`/template-drafts/${row.id}`)
      templatesChanged()
      void navigate({ to: '/templates' })
    } catch (error) {
      toastError('Not deleted', error)
    }
  }

  return (
    <article className={s.detail} aria-label="Template draft">
      <Head title={fixed ? `New version of ${draft.name}` : draft.name || 'New template'}>
        {mayWrite && (
          <>
            <Button size="xs" variant="default" leftSection={<IconTrash size={15} />} onClick={() => void throwAway()}>
              Throw away
            </Button>
            <Button size="xs" variant="default" loading={busy === 'save'} disabled={now === stored} onClick={() => void keep()}>
              Save draft
            </Button>
            <Button size="xs" loading={busy === 'submit'} onClick={() => void submit()}>
              Submit for review
            </Button>
          </>
        )}
      </Head>
      <Problem text={tried && refusal ? messageOf(refusal) : tried && found.size > 0 ? `${plural(found.size, 'thing')} to put right before it can be submitted.` : ''} />
      <div className={s.editor}>
        <fieldset className={s.form} disabled={!mayWrite || busy !== null}>
          <div className={s.pair}>
            <TextInput
              label="Name"
              description="Small letters, digits and underscores; customers do not see it."
              value={draft.name}
              disabled={fixed}
              error={problem('name')}
              onChange={(event) => set({ name: event.currentTarget.value.toLowerCase().replaceAll(/[ -]/g, '_') })}
              maxLength={512}
            />
            <NativeSelect
              label="Language"
              description="The language of its words."
              value={draft.language}
              disabled={fixed}
              error={problem('language')}
              data={languageOptions(draft.language ?? '').map((value) => ({ value, label: languageName(value.replace('_', '-')) }))}
              onChange={(event) => set({ language: event.currentTarget.value })}
            />
          </div>
          <NativeSelect
            label="Category"
            description="It decides what a message costs and whose consent it needs. The review may choose another."
            value={draft.category}
            error={problem('category')}
            data={CATEGORIES}
            onChange={(event) => set({ category: event.currentTarget.value as TemplateDraft['category'] })}
          />
          {code ? (
            <CodeFields code={draft.code} problem={problem} onChange={(next) => set({ code: next })} />
          ) : (
            <>
              <HeaderFields
                header={draft.header ?? null}
                examples={draft.header_examples ?? {}}
                field="header"
                label="Header"
                kinds={['text', 'image', 'video', 'document', 'location']}
                optional
                problem={problem}
                onChange={(header, examples) => set({ header, header_examples: examples })}
              />
              <VariableWords
                label="Text"
                field="body"
                value={draft.body ?? ''}
                examples={draft.examples ?? {}}
                examplesField="examples"
                most={draft.offer ? 600 : 1024}
                problem={problem}
                onChange={(body, examples) => set({ body, examples })}
              />
              <TextInput
                label="Footer"
                description="Small words below, such as how to stop these messages. Optional."
                value={draft.footer ?? ''}
                error={problem('footer')}
                onChange={(event) => set({ footer: event.currentTarget.value })}
                rightSection={<small className={s.count}>{60 - (draft.footer?.length ?? 0)}</small>}
              />
              <ButtonFields
                label="Buttons"
                field="buttons"
                buttons={draft.buttons ?? []}
                kinds={['quick_reply', 'url', 'phone', 'copy_code', 'flow']}
                most={10}
                problem={problem}
                onChange={(buttons) => set({ buttons })}
              />
              <Switch
                label="Limited-time offer"
                description="A box above the text that counts down; marketing only."
                checked={Boolean(draft.offer)}
                onChange={(event) => set({ offer: event.currentTarget.checked ? { text: '', expires: true } : null })}
              />
              {draft.offer && (
                <div className={s.group}>
                  <TextInput
                    label="Words in the box"
                    value={draft.offer.text ?? ''}
                    error={problem('offer.text')}
                    onChange={(event) => set({ offer: { ...draft.offer, text: event.currentTarget.value } })}
                    rightSection={<small className={s.count}>{16 - (draft.offer.text?.length ?? 0)}</small>}
                  />
                  <Switch
                    label="Counts down to an end that each message gives"
                    checked={draft.offer.expires ?? true}
                    onChange={(event) => set({ offer: { ...draft.offer, expires: event.currentTarget.checked } })}
                  />
                </div>
              )}
              <section className={s.cards} aria-label="Carousel">
                {(draft.cards ?? []).map((card, at) => (
                  <CardFields
                    key={at}
                    card={card}
                    at={at}
                    problem={problem}
                    onChange={(next) => set({ cards: (draft.cards ?? []).map((each, place) => (place === at ? next : each)) })}
                    onRemove={() => set({ cards: (draft.cards ?? []).filter((_, place) => place !== at) })}
                  />
                ))}
                {problem('cards') && <p className={s.problem}>{problem('cards')}</p>}
                {(draft.cards ?? []).length < 10 && (
                  <Button
                    variant="default"
                    size="xs"
                    leftSection={<IconPlus size={15} />}
                    onClick={() => {
                      const last = draft.cards?.at(-1)
                      const like = last && { ...last, header: { kind: last.header?.kind ?? ('image' as const) } }
                      set({ cards: [...(draft.cards ?? []), like ?? { header: { kind: 'image' }, body: '', examples: {}, buttons: [{ kind: 'quick_reply', text: '' }] }] })
                    }}
                  >
                    {(draft.cards ?? []).length === 0 ? 'Make it a carousel of cards' : 'Add a card'}
                  </Button>
                )}
              </section>
            </>
          )}
        </fieldset>
        <aside className={s.preview} aria-label="How it reads">
          {checked ? <PhonePreview preview={checked.preview} /> : <Skeleton height={240} />}
          <p className={s.quiet} role="status">
            {checked && found.size === 0 ? 'Nothing speaks against it.' : checked ? `${plural(found.size, 'thing')} still to do.` : ''}
          </p>
        </aside>
      </div>
    </article>
  )
}
