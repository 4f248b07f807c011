import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { PhonePreview } from '../inbox/composer/PhonePreview'
import { TemplateFile } from '../inbox/composer/TemplateFile'
import { ApiError, api } from '../lib/api'
import { plural } from '../lib/format'
import { queryClient } from '../lib/query'
import { setTitle } from '../lib/title'
import { toast, toastError } from '../lib/toast'
import type { CheckedContent, ContentTemplate, ContentWording, TemplatePreview } from '../lib/types'
import { channelLabel } from '../ui/ChannelIcon'
import { ErrorState } from '../ui/ErrorState'
import { useSettled } from '../ui/SearchBox'
import { Editor, EditorWaits } from './Editor'
import { LiquidText } from './LiquidText'
import { Wordings } from './Wordings'
import { NEW_CONTENT, begun, contentQuery } from './templates'
import s from './templates.module.css'

type Content = ContentWording['content']

const CHANNELS = ['sms', 'telegram', 'livechat', 'whatsapp']
const KINDS: Record<Content['type'], string> = { text: 'Text', media: 'File', buttons: 'Text with buttons', link_button: 'Text with a page to open' }
const EVERYBODY: ContentWording = { language: null, content: { type: 'text', text: '' } }

export function ContentPane({ id }: { id: string }) {
  const fresh = id === NEW_CONTENT
  const { data: kept, error, refetch } = useQuery({ ...contentQuery(id), enabled: !fresh })
  useEffect(() => {
    setTitle(`${kept?.name ?? 'Content template'} · Parley`)
  }, [kept?.name])
  if (error && !kept) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!kept && !fresh) return <EditorWaits />
  return <ContentEditor kept={kept ?? null} />
}

function ContentEditor({ kept }: { kept: ContentTemplate | null }) {
  const navigate = useNavigate()
  const [value, setValue] = useState(() => {
    const start = kept ?? begun.get()
    return { name: start?.name ?? '', channels: kept?.channels ?? [], wordings: start?.wordings ?? [EVERYBODY] }
  })
  const [revision, setRevision] = useState(kept?.revision ?? 0)
  const [shown, setShown] = useState(0)
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<unknown>(null)
  const settled = useSettled(JSON.stringify(value))
  const gaps = gapsOf(value.wordings)
  const { data: checked } = useQuery({
    queryKey: ['content-check', settled],
    queryFn: ({ signal }) => api.post<CheckedContent>('/content-templates/check', JSON.parse(settled) as object, undefined, signal),
    placeholderData: keepPreviousData,
    gcTime: 0,
    enabled: gapsOf((JSON.parse(settled) as typeof value).wordings).size === 0,
  })
  const found = new Map(checked?.problems.map(({ field, message }) => [field, message]) ?? [])
  const refused = new Map(refusal instanceof ApiError ? refusal.fields.map(({ field, message }) => [field, message]) : [])
  const problem = (field: string) => (tried ? (gaps.get(field) ?? found.get(field) ?? refused.get(field)) : undefined)
  const set = (change: Partial<typeof value>) => {
    setValue((now) => ({ ...now, ...change }))
    setRefusal(null)
  }
  const at = Math.min(shown, value.wordings.length - 1)
  const wording = value.wordings[at]!
  const setContent = (content: Content) => set({ wordings: value.wordings.map((each, place) => (place === at ? { ...each, content } : each)) })

  async function save() {
    setTried(true)
    if (gaps.size > 0) return
    setBusy(true)
    setRefusal(null)
    try {
      const body = value
      const saved = kept
        ? await api.patch<ContentTemplate>(`/content-templates/${kept.id}`, { ...body, revision })
        : await api.post<ContentTemplate>('/content-templates', body)
      setRevision(saved.revision)
      queryClient.setQueryData(contentQuery(saved.id).queryKey, saved)
      void queryClient.invalidateQueries({ queryKey: ['content-templates'] })
      toast('Saved')
      if (!kept) void navigate({ to: '/templates/$templateId', params: { templateId: saved.id } })
    } catch (error) {
      setRefusal(error)
    }
    setBusy(false)
  }

  async function remove() {
    try {
      if (kept) await api.delete(`/content-templates/${kept.id}`)
      void queryClient.invalidateQueries({ queryKey: ['content-templates'] })
      void navigate({ to: '/templates' })
    } catch (error) {
      toastError('Not deleted', error)
    }
  }

  const reads = checked?.contents[at]
  return (
    <Editor
      label="Content template"
      title={kept ? kept.name : 'New content template'}
      kept={Boolean(kept)}
      busy={busy}
      refusal={refusal}
      onSave={() => void save()}
      onRemove={() => void remove()}
      asideLabel="How it reads"
      aside={
        <>
          <PhonePreview preview={previewOf(gaps.size === 0 && reads?.content ? reads.content : wording.content)} />
          <p className={s.quiet} role="status">
            {gaps.size + found.size > 0 ? `${plural(gaps.size || found.size, 'thing')} still to do.` : 'With the values of an invented customer.'}
          </p>
        </>
      }
    >
      <TextInput label="Name" value={value.name} error={problem('name')} maxLength={200} onChange={(event) => set({ name: event.currentTarget.value })} />
      <Checkbox.Group label="For these channels" description="None: for any that can show it." value={[...value.channels]} onChange={(channels) => set({ channels })}>
        <div className={s.checks}>
          {CHANNELS.map((channel) => (
            <Checkbox key={channel} value={channel} label={channelLabel(channel)} />
          ))}
        </div>
      </Checkbox.Group>
      <Wordings
        wordings={value.wordings}
        at={at}
        onShow={setShown}
        onChange={(wordings) => set({ wordings })}
        problem={problem}
        beside={
          <NativeSelect
            label="Kind"
            value={wording.content.type}
            data={Object.entries(KINDS).map(([kind, label]) => ({ value: kind, label }))}
            onChange={(event) => setContent(turned(wording.content, event.currentTarget.value as Content['type']))}
          />
        }
      >
        <ContentFields content={wording.content} field={`wordings.${at}.content`} problem={problem} onChange={setContent} />
      </Wordings>
    </Editor>
  )
}

interface ContentFieldsProps {
  content: Content
  field: string
  problem: (field: string) => string | undefined
  onChange: (content: Content) => void
}

function ContentFields({ content, field, problem, onChange }: ContentFieldsProps) {
  const text = content.type === 'media' ? (content.caption ?? '') : content.text
  const say = (next: string) => onChange(content.type === 'media' ? { ...content, caption: next || null } : { ...content, text: next })
  return (
    <>
      {content.type === 'media' && (
        <>
          <NativeSelect
            label="Kind of file"
            value={content.media.kind}
            data={['image', 'video', 'document']}
            onChange={(event) => onChange({ ...content, media: { kind: event.currentTarget.value as 'image' } })}
          />
          <TemplateFile
            key={content.media.kind}
            kind={content.media.kind}
            label={content.media.name ? `File: ${content.media.name}` : 'File'}
            error={problem(`${field}.media`)}
            onChange={(fileId) => onChange({ ...content, media: { kind: content.media.kind, file_id: fileId || null } })}
          />
        </>
      )}
      <LiquidText label={content.type === 'media' ? 'Words under it' : 'Text'} value={text} error={problem(`${field}.text`) ?? problem(`${field}.caption`)} blocks onChange={say} />
      {content.type === 'link_button' && (
        <div className={s.pair}>
          <TextInput label="Label of the button" value={content.label} error={problem(`${field}.label`)} onChange={(event) => onChange({ ...content, label: event.currentTarget.value })} />
          <TextInput label="Address" value={content.url} placeholder="https://" error={problem(`${field}.url`)} onChange={(event) => onChange({ ...content, url: event.currentTarget.value.trim() })} />
        </div>
      )}
      {content.type === 'buttons' && (
        <div className={s.group} role="group" aria-label="Buttons">
          {content.buttons.map((button, at) => (
            <TextInput
              key={at}
              label={`Button ${at + 1}`}
              value={button.title}
              error={problem(`${field}.buttons.${at}.title`)}
              onChange={(event) => {
                const title = event.currentTarget.value
                onChange({ ...content, buttons: content.buttons.map((each, place) => (place === at ? { ...each, title } : each)) })
              }}
            />
          ))}
          {problem(`${field}.buttons`) && <p className={s.problem}>{problem(`${field}.buttons`)}</p>}
          <div className={s.checks}>
            {content.buttons.length < 10 && (
              <Button size="compact-sm" variant="default" onClick={() => onChange({ ...content, buttons: [...content.buttons, { id: `b${content.buttons.length + 1}`, title: '' }] })}>
                Add a button
              </Button>
            )}
            {content.buttons.length > 1 && (
              <Button size="compact-sm" variant="subtle" color="gray" onClick={() => onChange({ ...content, buttons: content.buttons.slice(0, -1) })}>
                Remove the last
              </Button>
            )}
          </div>
        </div>
      )}
    </>
  )
}

/** What was written so far in another kind of content. */
function turned(content: Content, kind: Content['type']): Content {
  const text = content.type === 'media' ? (content.caption ?? '') : content.text
  if (kind === 'media') return { type: 'media', media: { kind: 'image' }, caption: text || null }
  if (kind === 'buttons') return { type: 'buttons', text, buttons: [{ id: 'b1', title: '' }] }
  if (kind === 'link_button') return { type: 'link_button', text, label: '', url: 'https://' }
  return { type: 'text', text }
}

/** What has to be written before the server can look at it. */
function gapsOf(wordings: readonly ContentWording[]): Map<string, string> {
  const gaps = new Map<string, string>()
  wordings.forEach(({ content }, at) => {
    const need = (name: string, text: string | null | undefined, words = 'Write something here.') => {
      if (!text?.trim()) gaps.set(`wordings.${at}.content.${name}`, words)
    }
    if (content.type === 'media') need('media', content.media.file_id, 'Choose a file.')
    else need('text', content.text)
    if (content.type === 'link_button') {
      need('label', content.label)
      need('url', /^https?:\/\/./.test(content.url) ? content.url : '', 'Give a whole address, such as https://example.com.')
    }
    if (content.type === 'buttons') content.buttons.forEach((button, place) => need(`buttons.${place}.title`, button.title))
  })
  return gaps
}

function previewOf(content: Content): TemplatePreview {
  if (content.type === 'media') return { header: content.media.kind.charAt(0).toUpperCase() + content.media.kind.slice(1), body: content.caption ?? '' }
  const buttons = content.type === 'buttons' ? content.buttons.map(({ title }) => title) : content.type === 'link_button' ? [content.label] : []
  return { body: content.text, buttons }
}
