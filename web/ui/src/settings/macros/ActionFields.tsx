import { MultiSelect, NativeSelect, NumberInput } from '@mantine/core'
import { bodyVariables } from '../../inbox/composer/templates'
import { useQuery } from '@tanstack/react-query'
import { useAccounts } from '../../inbox/capabilities'
import { cannedQuery } from '../../inbox/assist/canned'
import { useTags, useTeams } from '../../inbox/list/choices'
import { useMembers } from '../../inbox/presence'
import { api } from '../../lib/api'
import type { MacroAction, Page, Template } from '../../lib/types'
import { VariableText } from '../canned/VariableText'
import s from './macros.module.css'

interface ActionFieldsProps {
  action: MacroAction
  place: number
  error: string | undefined
  onChange: (action: MacroAction) => void
}

type Of<T extends MacroAction['type']> = Omit<ActionFieldsProps, 'action' | 'onChange'> & {
  action: Extract<MacroAction, { type: T }>
  onChange: (action: MacroAction) => void
}

/** What one action of a macro needs to know. */
export function ActionFields({ action, ...rest }: ActionFieldsProps) {
  switch (action.type) {
    case 'reply':
      return <ReplyFields action={action} {...rest} />
    case 'note':
      return (
        <VariableText
          label={`Text of action ${rest.place}`}
          value={action.text}
          onChange={(text) => rest.onChange({ ...action, text })}
          error={rest.error}
        />
      )
    case 'assign':
      return <AssignFields action={action} {...rest} />
    case 'tag':
      return <TagFields action={action} {...rest} />
    case 'priority':
      return (
        <NativeSelect
          aria-label={`Priority of action ${rest.place}`}
          value={action.priority}
          onChange={(event) => rest.onChange({ ...action, priority: event.currentTarget.value as typeof action.priority })}
          data={['low', 'normal', 'high', 'urgent']}
        />
      )
    case 'snooze':
      return <SnoozeFields action={action} {...rest} />
    case 'template':
      return <TemplateFields action={action} {...rest} />
    default:
      return rest.error ? <p className={s.problem}>{rest.error}</p> : null
  }
}

function ReplyFields({ action, place, error, onChange }: Of<'reply'>) {
  const { data: replies } = useQuery(cannedQuery)
  const options = [{ value: '', label: 'A text of its own' }, ...(replies ?? []).map((reply) => ({ value: reply.id, label: `/${reply.shortcut} · ${reply.title}` }))]
  return (
    <>
      <NativeSelect
        aria-label={`What action ${place} sends`}
        value={action.canned_id ?? ''}
        onChange={(event) => onChange({ ...action, canned_id: event.currentTarget.value || null, text: event.currentTarget.value ? null : '' })}
        data={options}
        error={action.canned_id ? error : undefined}
      />
      {!action.canned_id && (
        <VariableText label={`Text of action ${place}`} value={action.text ?? ''} onChange={(text) => onChange({ ...action, text })} error={error} />
      )}
    </>
  )
}

function AssignFields({ action, place, error, onChange }: Of<'assign'>) {
  const members = useMembers().filter((member) => member.status === 'active')
  const teams = useTeams()
  const value = action.to === 'member' ? `member:${action.member_id}` : action.to === 'team' ? `team:${action.team_id}` : action.to
  return (
    <NativeSelect
      aria-label={`To whom action ${place} assigns`}
      value={value}
      onChange={(event) => {
        const to = event.currentTarget.value
        const [kind, id] = to.split(':')
        if (to === 'me' || to === 'nobody') onChange({ type: 'assign', to })
        else if (id) onChange(kind === 'team' ? { type: 'assign', to: 'team', team_id: id } : { type: 'assign', to: 'member', member_id: id })
      }}
      data={[
        { value: 'me', label: 'Whoever runs it' },
        { value: 'nobody', label: 'Nobody' },
        ...teams.map((team) => ({ value: `team:${team.id}`, label: `Team ${team.name}` })),
        ...members.map((member) => ({ value: `member:${member.id}`, label: member.name })),
      ]}
      error={error}
    />
  )
}

function TagFields({ action, place, error, onChange }: Of<'tag'>) {
  const data = useTags().map((tag) => ({ value: tag.id, label: tag.name }))
  return (
    <>
      <MultiSelect
        label="Add"
        aria-label={`Tags that action ${place} adds`}
        data={data}
        value={[...(action.add ?? [])]}
        onChange={(add) => onChange({ ...action, add })}
        searchable
        error={error}
      />
      <MultiSelect
        label="Take off"
        aria-label={`Tags that action ${place} takes off`}
        data={data}
        value={[...(action.remove ?? [])]}
        onChange={(remove) => onChange({ ...action, remove })}
        searchable
      />
    </>
  )
}

function SnoozeFields({ action, place, onChange }: Of<'snooze'>) {
  const timed = typeof action.hours === 'number'
  return (
    <div className={s.pair}>
      <NativeSelect
        aria-label={`How long action ${place} snoozes`}
        value={timed ? 'hours' : 'reply'}
        onChange={(event) => onChange({ type: 'snooze', hours: event.currentTarget.value === 'hours' ? 24 : null })}
        data={[
          { value: 'hours', label: 'For some hours' },
          { value: 'reply', label: 'Until the customer writes' },
        ]}
      />
      {timed && (
        <NumberInput
          aria-label={`Hours of action ${place}`}
          value={action.hours ?? 24}
          onChange={(hours) => onChange({ type: 'snooze', hours: Math.max(1, Number(hours) || 1) })}
          min={1}
          max={8760}
          suffix=" h"
        />
      )}
    </div>
  )
}

function TemplateFields({ action, place, error, onChange }: Of<'template'>) {
  const accounts = (useAccounts() ?? []).filter((account) => account.capabilities.templates)
  const { data } = useQuery({
    queryKey: ['templates', 'everywhere'],
    queryFn: () => api.get<Page<Template>>('/templates').then((page) => page.items),
  })
  const approved = (data ?? []).filter((template) => template.status === 'APPROVED')
  const chosen = approved.find((t) => t.account_id === action.account_id && t.name === action.name && t.language === action.language)
  const keys = bodyVariables(chosen)
  const nameOf = (accountId: string) => accounts.find((account) => account.id === accountId)?.name ?? accountId
  return (
    <>
      <NativeSelect
        aria-label={`Template of action ${place}`}
        value={chosen?.id ?? ''}
        onChange={(event) => {
          const next = approved.find((template) => template.id === event.currentTarget.value)
          if (next) onChange({ type: 'template', account_id: next.account_id, name: next.name, language: next.language, parameters: {} })
        }}
        data={[
          { value: '', label: 'Choose a template' },
          ...approved.map((t) => ({ value: t.id, label: `${t.name} (${t.language}) · ${nameOf(t.account_id)}` })),
        ]}
        error={error}
      />
      {keys.map(({ key }) => (
        <VariableText
          key={key}
          label={`{{${key}}} of action ${place}`}
          value={action.parameters?.body?.[key] ?? ''}
          onChange={(text) => onChange({ ...action, parameters: { ...action.parameters, body: { ...action.parameters?.body, [key]: text } } })}
        />
      ))}
    </>
  )
}
