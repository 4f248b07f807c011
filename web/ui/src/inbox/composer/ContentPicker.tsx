import { Button, NativeSelect, TextInput } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api, messageOf } from '../../lib/api'
import { languageName } from '../../lib/format'
import { useCan } from '../../lib/session'
import type { Content, ContentTemplate, FilledContent, OutgoingContent, Reach } from '../../lib/types'
import { contentsQuery, variablesQuery } from '../../templates/templates'
import { channelLabel } from '../../ui/ChannelIcon'
import { EmptyState } from '../../ui/EmptyState'
import { ErrorState } from '../../ui/ErrorState'
import { Skeleton } from '../../ui/Skeleton'
import { useSettled } from '../../ui/SearchBox'
import { IconSearch, IconTemplate } from '../../ui/icons'
import PreviewCard from './PreviewCard'
import { usePreview } from './preview'
import s from './templates.module.css'

interface ContentPickerProps {
  conversationId: string
  reach: Reach
  contactName: string
  onInsert?: ((text: string) => void) | undefined
  onSend: (content: OutgoingContent, shown: Content) => void
  onClose: () => void
}

/** The workspace's own contents, for one person: in their language, with what is known of them. */
export function ContentPicker(props: ContentPickerProps) {
  const { channel } = props.reach
  const mayWrite = useCan('templates.manage')
  const { data, error, refetch } = useQuery(contentsQuery)
  const [search, setSearch] = useState('')
  const [chosenId, setChosenId] = useState('')
  if (error && !data) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!data) return <Skeleton height={360} />
  const fitting = data.filter(({ channels }) => channels.length === 0 || channels.includes(channel))
  if (fitting.length === 0) {
    return (
      <EmptyState
        icon={IconTemplate}
        title={`There are no content templates for ${channelLabel(channel)}`}
        text={mayWrite ? 'Write one, with a wording for each language.' : 'Whoever manages templates can write one.'}
        action={
          mayWrite && (
            <Button component={Link} to="/templates" variant="default">
              Open the templates
            </Button>
          )
        }
      />
    )
  }
  const wanted = search.trim().toLowerCase()
  const shown = fitting.filter((each) => !wanted || `${each.name} ${each.wordings.map(wordsOf).join(' ')}`.toLowerCase().includes(wanted))
  const chosen = shown.find(({ id }) => id === chosenId) ?? shown[0]
  return (
    <div className={s.columns}>
      <div className={s.choose}>
        <TextInput
          size="sm"
          aria-label="Search content templates"
          placeholder="Search content templates"
          leftSection={<IconSearch size={15} />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          data-autofocus
        />
        <div className={s.list} role="group" aria-label="Content templates">
          {shown.map((each) => (
            <button key={each.id} type="button" aria-pressed={each === chosen} onClick={() => setChosenId(each.id)}>
              <b>{each.name}</b>
              <span>{wordsOf(each.wordings.find(({ language }) => !language) ?? each.wordings[0])}</span>
              {each.wordings.length > 1 && <small>{each.wordings.map(({ language }) => (language ? languageName(language.replace('_', '-')) : 'Everybody else')).join(', ')}</small>}
            </button>
          ))}
          {shown.length === 0 && <p>No content template matches.</p>}
        </div>
      </div>
      {chosen && <Filler key={`${chosen.id} ${chosen.revision}`} {...props} template={chosen} />}
    </div>
  )
}

function Filler({ template, conversationId, reach, contactName, onInsert, onSend, onClose }: ContentPickerProps & { template: ContentTemplate }) {
  const [language, setLanguage] = useState<string | null>(null)
  const [values, setValues] = useState<Record<string, string>>({})
  const { data: variables } = useQuery(variablesQuery)
  const written = JSON.stringify(values)
  const settled = useSettled(written)
  const { data, error, isPlaceholderData } = useQuery({
    queryKey: ['content-templates', 'filled', template.id, template.revision, conversationId, language, settled],
    queryFn: ({ signal }) =>
      api.post<FilledContent>(
        `/content-templates/${template.id}/fill`,
        { conversation_id: conversationId, language, values: JSON.parse(settled) as object },
        undefined,
        signal,
      ),
    placeholderData: keepPreviousData,
    retry: false,
    gcTime: 0,
  })
  const content = data ? outgoingOf(data.content) : null
  const complete = data !== undefined && data.missing.length === 0
  const preview = usePreview(conversationId, reach, content ? [content] : [], content !== null)
  const refusal = preview?.parts.find((part) => part.refusal)?.refusal
  const ready = complete && !refusal && !isPlaceholderData && settled === written
  // What was given is no longer missing, and stays to be changed.
  const asked = [...new Set([...Object.keys(values), ...(data?.missing ?? []).filter(isVariable)])]
  const empty = (data?.missing ?? []).filter((name) => !isVariable(name))

  return (
    <form
      className={s.fill}
      data-scrolls
      onSubmit={(event) => {
        event.preventDefault()
        if (!ready || !content) return
        onSend(content, data.content as Content)
        onClose()
      }}
    >
      <PreviewCard inline preview={preview} name={contactName} />
      <div className={s.values}>
        {template.wordings.length > 1 && data && (
          <NativeSelect
            size="sm"
            label="Language"
            description={language === null ? 'By the language of the contact.' : undefined}
            value={data.language ?? ''}
            data={template.wordings.map((each) => ({ value: each.language ?? '', label: each.language ? languageName(each.language.replace('_', '-')) : 'Everybody else' }))}
            onChange={(event) => setLanguage(event.currentTarget.value)}
          />
        )}
        {asked.map((name) => (
          <TextInput
            key={name}
            size="sm"
            label={variables?.find((each) => each.name === name)?.label ?? name}
            description="Not known of this contact."
            value={values[name] ?? ''}
            maxLength={1000}
            onChange={(event) => {
              const value = event.currentTarget.value
              setValues((now) => ({ ...now, [name]: value }))
            }}
          />
        ))}
      </div>
      <div className={s.foot}>
        <span role="status">
          {error
            ? messageOf(error)
            : (refusal ??
              (empty.length > 0 ? `Nothing is left of its ${empty.join(', ')}.` : data && !complete ? 'Fill in what is not known.' : ''))}
        </span>
        {onInsert && content?.type === 'text' && (
          <Button
            variant="default"
            disabled={!ready}
            onClick={() => {
              onInsert(content.text)
              onClose()
            }}
          >
            Put into the reply
          </Button>
        )}
        <Button type="submit" disabled={!ready}>
          Send
        </Button>
      </div>
    </form>
  )
}

/** A name such as contact.company; what else is missing is a text of which nothing is left. */
const isVariable = (name: string): boolean => /^(contact|workspace)\./.test(name)

/** For a list: a value of the customer's is a gap. */
function wordsOf(wording: ContentTemplate['wordings'][number] | undefined): string {
  if (!wording) return ''
  const text = wording.content.type === 'media' ? (wording.content.caption ?? '') : wording.content.text
  return text.replace(/\{\{.*?\}\}/g, '…').replace(/\{%.*?%\}/g, '')
}

/** Of a file the server needs to know only which. */
function outgoingOf(content: FilledContent['content']): OutgoingContent {
  if (content.type !== 'media') return content as OutgoingContent
  const { file_id, kind, name } = content.media
  return { type: 'media', media: { file_id, kind, name }, caption: content.caption } as OutgoingContent
}
