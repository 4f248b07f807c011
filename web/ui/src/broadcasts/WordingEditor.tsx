import { Button, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { TemplateFile } from '../inbox/composer/TemplateFile'
import { isApproved, variableKey, variableLabel } from '../inbox/composer/templates'
import { api, messageOf, query } from '../lib/api'
import { useCan } from '../lib/session'
import { languageName } from '../lib/format'
import type { Account, OutgoingContent, Page, Template } from '../lib/types'
import { SettingsLink } from '../settings/parts/SettingsLink'
import { contentsQuery } from '../templates/templates'
import { Skeleton } from '../ui/Skeleton'
import { VariableField } from './VariableField'
import { localTime } from '../rules/rules'
import { emptyText, valuesOf, withTemplate, withValue, type TemplateContent } from './content'
import s from './broadcasts.module.css'

interface WordingEditorProps {
  account: Account
  content: OutgoingContent | undefined
  onChange: (content: OutgoingContent) => void
}

/** What it says in one language, on the channel of the account. */
export function WordingEditor({ account, content, onChange }: WordingEditorProps) {
  return account.capabilities.templates ? (
    <TemplateEditor account={account} content={content} onChange={onChange} />
  ) : (
    <TextEditor account={account} content={content ?? emptyText()} onChange={onChange} />
  )
}

function TemplateEditor({ account, content, onChange }: WordingEditorProps) {
  const { data, error } = useQuery({
    queryKey: ['templates', account.id],
    queryFn: () => api.get<Page<Template>>(`/templates${query({ account_id: account.id })}`).then((page) => page.items),
  })
  if (error) return <p role="alert">{messageOf(error)}</p>
  if (!data) return <Skeleton height={120} />
  const chosen = content?.type === 'template' ? data.find((each) => each.name === content.name && each.language === content.language) : undefined
  const offered = data.filter((each) => isApproved(each) || each === chosen)
  return (
    <>
      <Select
        label="Template"
        description={
          offered.length === 0 ? (
            <>
              None is approved yet. Look at <SettingsLink to={`channels/${account.id}`}>this account</SettingsLink>.
            </>
          ) : (
            'Only what the provider has approved reaches people who have not just written.'
          )
        }
        placeholder="Choose a template"
        searchable
        required
        allowDeselect={false}
        data={offered.map((each) => ({ value: each.id, label: `${each.name} · ${languageName(each.language.replace('_', '-'))}` }))}
        value={chosen?.id ?? null}
        onChange={(id) => {
          const template = data.find((each) => each.id === id)
          if (template) onChange(withTemplate(template, content))
        }}
      />
      {chosen && content?.type === 'template' && <Filling template={chosen} content={content} onChange={onChange} />}
    </>
  )
}

function Filling({ template, content, onChange }: { template: Template; content: TemplateContent; onChange: (content: OutgoingContent) => void }) {
  const values = valuesOf(template, content)
  return (
    <div className={s.stack}>
      {template.variables.map((variable) => {
        const key = variableKey(variable)
        const label = variableLabel(variable)
        const write = (value: string) => onChange(withValue(template, content, variable, value))
        if (variable.where === 'file') {
          return <TemplateFile key={key} kind={variable.key} label={values[key] ? `${label} (there is one)` : label} onChange={write} />
        }
        if (variable.where === 'offer') {
          return (
            <TextInput
              key={key}
              type="datetime-local"
              label={label}
              defaultValue={values[key] ? localTime(values[key]) : ''}
              onChange={(event) => {
                const at = new Date(event.currentTarget.value)
                write(Number.isNaN(at.getTime()) ? '' : at.toISOString())
              }}
            />
          )
        }
        return (
          <VariableField key={key} label={label} placeholder={variable.example ? `for example ${variable.example}` : ''} value={values[key] ?? ''} onChange={write} />
        )
      })}
    </div>
  )
}

function TextEditor({ account, content, onChange }: { account: Account; content: OutgoingContent; onChange: (content: OutgoingContent) => void }) {
  const text = content.type === 'media' ? (content.caption ?? '') : content.type === 'text' ? content.text : ''
  const takesImages = account.capabilities.media.image !== undefined
  const fileId = content.type === 'media' ? content.media.file_id : null
  const most = fileId ? account.capabilities.max_caption_chars : account.capabilities.max_text_chars
  const write = (words: string, file: string | null | undefined) =>
    onChange(file ? { type: 'media', media: { file_id: file, kind: 'image' }, caption: words } : { type: 'text', text: words })
  return (
    <>
      <FromTemplate account={account} onChange={onChange} />
      <VariableField label="Message" multiline value={text} maxLength={most} onChange={(words) => write(words, fileId)} placeholder="Write the message" />
      {takesImages && <TemplateFile kind="image" label={fileId ? 'Another picture' : 'Picture'} onChange={(id) => id && write(text, id)} />}
      {fileId && (
        <Button variant="subtle" color="red" size="compact-sm" justify="start" onClick={() => write(text, null)}>
          Take the picture away
        </Button>
      )}
    </>
  )
}

/** Words that were kept for this channel, to begin with; what is written from then on is this broadcast's own. */
function FromTemplate({ account, onChange }: Pick<WordingEditorProps, 'account' | 'onChange'>) {
  const { data } = useQuery({ ...contentsQuery, enabled: useCan('templates.read') })
  const offered = (data ?? []).flatMap(({ id, name, channels, whole }) =>
    channels.length > 0 && !channels.includes(account.kind)
      ? []
      : whole
          .filter(({ content }) => content.type === 'text' || content.type === 'media')
          .map(({ language, content }) => ({ value: `${id} ${language}`, label: language ? `${name} · ${languageName(language)}` : name, content })),
  )
  if (offered.length === 0) return null
  return (
    <Select
      label="Begin with a content template"
      placeholder="None"
      searchable
      data={offered.map(({ value, label }) => ({ value, label }))}
      value={null}
      onChange={(value) => {
        const chosen = offered.find((each) => each.value === value)
        if (chosen) onChange(chosen.content)
      }}
    />
  )
}
