import { Button, Modal, NativeSelect, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api, query } from '../../lib/api'
import { useCan, useMe } from '../../lib/session'
import type { Content, OutgoingContent, Page, Reach, Template } from '../../lib/types'
import { pacingQuery, topicLabel } from '../../settings/pacing/pacing'
import { Badge, type Tone } from '../../ui/Badge'
import { EmptyState } from '../../ui/EmptyState'
import { ErrorState } from '../../ui/ErrorState'
import { Skeleton } from '../../ui/Skeleton'
import { IconSearch, IconTemplate } from '../../ui/icons'
import { ContentPicker } from './ContentPicker'
import { CostChip } from './CostChip'
import { PhonePreview } from './PhonePreview'
import { TemplateFile } from './TemplateFile'
import { usePreview } from './preview'
import { fillPreview, initialValues, isApproved, missing, templateContent, variableKey, variableLabel, type Values } from './templates'
import s from './templates.module.css'

interface PickerProps {
  conversationId: string
  reach: Reach
  contactName: string
  /** what choosing one does */
  verb?: string
  /** `topic` is what an advertisement is about, of the workspace's topics */
  onSend: (content: OutgoingContent, shown: Content, topic?: string) => void
  onClose: () => void
}

interface TemplatePickerProps extends PickerProps {
  /** those that a provider has approved, the workspace's own content, or both */
  kinds?: readonly Kind[]
  /** takes the words of one into what is being written */
  onInsert?: (text: string) => void
}

type Kind = 'approved' | 'own'
const KINDS: Record<Kind, string> = { approved: 'Approved templates', own: 'Content templates' }

export default function TemplatePicker({ kinds = ['approved'], onInsert, ...props }: TemplatePickerProps) {
  const [kind, setKind] = useState(kinds[0])
  return (
    <Modal opened onClose={props.onClose} title="Send a template" size={900} classNames={{ body: s.body }}>
      {kinds.length > 1 && (
        <div className={s.kinds} role="group" aria-label="Kind of template">
          {kinds.map((each) => (
            <button key={each} type="button" aria-pressed={each === kind} onClick={() => setKind(each)}>
              {KINDS[each]}
            </button>
          ))}
        </div>
      )}
      {kind === 'own' ? <ContentPicker {...props} onInsert={onInsert} /> : <ApprovedTemplates {...props} />}
    </Modal>
  )
}

function ApprovedTemplates({ conversationId, reach, contactName, verb = 'Send template', onSend, onClose }: PickerProps) {
  const { account_id: accountId } = reach
  const { data, error, refetch } = useQuery({
    queryKey: ['templates', accountId],
    queryFn: () => api.get<Page<Template>>(`/templates${query({ account_id: accountId })}`),
  })
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!data) return <Skeleton height={360} />
  if (data.items.length === 0) {
    return (
      <EmptyState
        icon={IconTemplate}
        title="This account has no templates"
        text="Write one, or fetch those that the provider has."
        action={
          <Button component={Link} to="/templates" variant="default">
            Open the templates
          </Button>
        }
      />
    )
  }
  return <Picker templates={data.items} conversationId={conversationId} reach={reach} contactName={contactName} verb={verb} onSend={onSend} onClose={onClose} />
}

function Picker({
  templates,
  conversationId,
  reach,
  contactName,
  verb,
  onSend,
  onClose,
}: PickerProps & { templates: Template[]; verb: string }) {
  const [search, setSearch] = useState('')
  const [language, setLanguage] = useState('')
  const [chosenId, setChosenId] = useState(() => (templates.find(isApproved) ?? templates[0])?.id)
  const [category, setCategory] = useState('')
  const categories = [...new Set(templates.map((template) => template.category))]
  const languages = [...new Set(templates.map((template) => template.language))]
  const wanted = search.trim().toLowerCase()
  const shown = templates
    .filter((template) => !language || template.language === language)
    .filter((template) => !category || template.category === category)
    .filter((template) => !wanted || `${template.name} ${template.preview.body}`.toLowerCase().includes(wanted))
    .sort((a, b) => Number(isApproved(b)) - Number(isApproved(a)))
  const chosen = shown.find((template) => template.id === chosenId) ?? shown[0]

  return (
    <div className={s.columns}>
      <div className={s.choose}>
        <TextInput
          size="sm"
          aria-label="Search templates"
          placeholder="Search templates"
          leftSection={<IconSearch size={15} />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          data-autofocus
        />
        {languages.length > 1 && (
          <select aria-label="Language" value={language} onChange={(event) => setLanguage(event.currentTarget.value)}>
            <option value="">All languages</option>
            {languages.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        )}
        {categories.length > 1 && (
          <select aria-label="Category" value={category} onChange={(event) => setCategory(event.currentTarget.value)}>
            <option value="">All categories</option>
            {categories.map((each) => (
              <option key={each} value={each}>
                {words(each)}
              </option>
            ))}
          </select>
        )}
        <div className={s.list} role="group" aria-label="Templates">
          {shown.map((template) => (
            <button
              key={template.id}
              type="button"
              aria-pressed={template === chosen}
              onClick={() => setChosenId(template.id)}
            >
              <b>{template.name}</b>
              <span>{template.preview.body}</span>
              <small>
                <Badge tone={statusTone(template)}>{words(template.status)}</Badge>
                {words(template.category)} · {template.language}
              </small>
            </button>
          ))}
          {shown.length === 0 && <p>No template matches.</p>}
        </div>
      </div>
      {chosen && (
        <Filler
          key={chosen.id}
          template={chosen}
          conversationId={conversationId}
          reach={reach}
          contactName={contactName}
          verb={verb}
          onSend={(content, view, topic) => {
            onSend(content, view, topic)
            onClose()
          }}
        />
      )}
    </div>
  )
}

interface FillerProps extends Omit<PickerProps, 'onClose'> {
  template: Template
  verb: string
}

function Filler({ template, conversationId, reach, contactName, verb, onSend }: FillerProps) {
  const me = useMe().member
  const [values, setValues] = useState<Values>(() => initialValues(template, contactName, me.name))
  const absent = missing(template, values).map((variable) => variableLabel(variable).toLowerCase())
  const approved = isApproved(template)
  const advertises = template.category.toUpperCase() === 'MARKETING'
  const { data: pacing } = useQuery({ ...pacingQuery, enabled: useCan('contacts.read') && advertises })
  const topics = (advertises && pacing?.settings.topics) || []
  const [topic, setTopic] = useState('')
  const content = templateContent(template, values)
  const preview = usePreview(conversationId, reach, [content], approved && absent.length === 0)

  function send() {
    onSend(content, { ...content, preview: fillPreview(template, values) }, topic)
  }

  return (
    <form
      className={s.fill}
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      <PhonePreview preview={fillPreview(template, values)} />
      <div className={s.values}>
        {template.variables.map((variable) => {
          const key = variableKey(variable)
          const change = (value: string) => setValues((now) => ({ ...now, [key]: value }))
          return variable.where === 'file' ? (
            <TemplateFile key={key} kind={variable.key} label={variableLabel(variable)} onChange={change} />
          ) : variable.where === 'offer' ? (
            <TextInput
              key={key}
              size="sm"
              type="datetime-local"
              label={variableLabel(variable)}
              onChange={(event) => {
                const at = new Date(event.currentTarget.value)
                change(Number.isNaN(at.getTime()) ? '' : at.toISOString())
              }}
              required
              withAsterisk={false}
            />
          ) : (
            <TextInput
              key={key}
              size="sm"
              label={variableLabel(variable)}
              placeholder={variable.example ? `for example ${variable.example}` : ''}
              value={values[key] ?? ''}
              onChange={(event) => change(event.currentTarget.value)}
              required
              withAsterisk={false}
            />
          )
        })}
        {topics.length > 0 && (
          <NativeSelect
            size="sm"
            label="What it is about"
            description="Who wants no offers about it does not get it."
            data={[{ value: '', label: 'No topic' }, ...topics.map((each) => ({ value: each.key, label: topicLabel(each) }))]}
            value={topic}
            onChange={(event) => setTopic(event.currentTarget.value)}
          />
        )}
        {template.variables.length === 0 && <p>This template has nothing to fill in.</p>}
      </div>
      <div className={s.foot}>
        <span role="status">
          {!approved
            ? `The provider has not approved it: ${template.rejected_reason ?? words(template.status).toLowerCase()}.`
            : absent.length > 0
              ? `Still missing: ${absent.slice(0, 3).join(', ')}${absent.length > 3 ? ` and ${absent.length - 3} more` : ''}`
              : ''}
        </span>
        <CostChip preview={preview} />
        <Button type="submit" disabled={!approved || absent.length > 0}>
          {verb}
        </Button>
      </div>
    </form>
  )
}

function statusTone(template: Template): Tone {
  if (isApproved(template)) return 'ok'
  return template.status.toUpperCase() === 'PENDING' ? 'warn' : 'danger'
}

function words(constant: string): string {
  const text = constant.replaceAll('_', ' ').toLowerCase()
  return text.charAt(0).toUpperCase() + text.slice(1)
}
