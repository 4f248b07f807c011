import { ActionIcon, Button, Checkbox, NativeSelect, NumberInput, Switch, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useTags, useTeams } from '../../inbox/list/choices'
import { useMembers } from '../../inbox/presence'
import { ApiError, api, messageOf } from '../../lib/api'
import { toast } from '../../lib/toast'
import type { SlaPolicy, SlaPolicyIn, SlaStep, SlaTarget } from '../../lib/types'
import { RuleBuilder } from '../../rules/RuleBuilder'
import { asGroup, partsOf, type Rule } from '../../rules/rules'
import { METRICS, type Metric } from '../../sla/sla'
import { Trial } from '../../sla/Trial'
import { PRIORITIES, options, useForms } from '../../tickets/tickets'
import { IconPlus, IconTrash } from '../../ui/icons'
import { Problem } from '../parts/ConfirmDialog'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { Panel } from '../parts/Panel'
import { FailedPage } from '../parts/States'
import { useGoTo } from '../parts/useSettingsPath'
import { calendarsQuery } from '../calendars/calendars'
import { FRESH, catalogueQuery, policiesQuery } from './policies'
import s from './sla.module.css'

const BACK = { to: 'sla', label: 'Service levels' }
const PAUSES = {
  snoozed: 'while it is snoozed',
  pending: 'while the bot has it',
  waiting_customer: 'while a ticket waits for the customer',
  waiting_third_party: 'while a ticket waits for a third party',
}
const DEEDS: Record<SlaStep['do'], string> = { notify: 'Tell', assign: 'Give it to', priority: 'Set the priority to', tag: 'Tag it' }

export function PolicyPage({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(policiesQuery)
  if (id === 'new') return <Editor policy={null} />
  if (error && !data) return <FailedPage title="Policy" back={BACK} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton title="Policy" />
  const policy = data.find((each) => each.id === id)
  if (!policy) return <FailedPage title="Policy" back={BACK} error={new Error('There is no such policy; it may have been deleted.')} onRetry={() => void refetch()} />
  return <Editor key={policy.revision} policy={policy} />
}

function Editor({ policy }: { policy: SlaPolicy | null }) {
  const client = useQueryClient()
  const goTo = useGoTo()
  const [draft, setDraft] = useState<SlaPolicyIn>(() => (policy ? bodyOf(policy) : FRESH))
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const calendars = useQuery(calendarsQuery).data ?? []
  const set = (change: Partial<SlaPolicyIn>) => setDraft((now) => ({ ...now, ...change }))
  const targets = draft.targets
  const steps = draft.steps ?? []
  const setTarget = (at: number, change: Partial<SlaTarget>) => set({ targets: targets.map((each, index) => (index === at ? { ...each, ...change } : each)) })
  const setStep = (at: number, change: Partial<SlaStep>) => set({ steps: steps.map((each, index) => (index === at ? { ...each, ...change } : each)) })
  const free = Object.keys(PRIORITIES).find((each) => !targets.some((target) => target.priority === each))

  async function save() {
    setBusy(true)
    setError(null)
    try {
      if (policy) await api.put(`/sla-policies/${policy.id}`, { ...draft, revision: policy.revision })
      else await api.post('/sla-policies', draft)
      await client.invalidateQueries({ queryKey: ['sla-policies'] })
      toast('Saved. What runs is timed anew.')
      goTo('sla')
    } catch (reason) {
      setError(reason)
      setBusy(false)
    }
  }

  return (
    <>
      <Heading
        title={policy?.name ?? 'New policy'}
        back={BACK}
        actions={
          <Button loading={busy} disabled={!draft.name.trim()} onClick={() => void save()}>
            Save
          </Button>
        }
      />
      <Problem text={error ? messageOf(error) : ''} />
      <Panel title="For what">
        <div className={s.pair}>
          <TextInput label="Name" value={draft.name} maxLength={100} onChange={(event) => set({ name: event.currentTarget.value })} />
          <NativeSelect
            label="Applies to"
            value={draft.subject ?? 'conversations'}
            data={[
              { value: 'conversations', label: 'Conversations' },
              { value: 'tickets', label: 'Tickets' },
            ]}
            onChange={(event) => set({ subject: event.currentTarget.value as 'conversations' | 'tickets', rule: null })}
          />
        </div>
        <Conditions draft={draft} error={error} onChange={(rule) => set({ rule })} />
        <Switch label="In force" checked={draft.enabled ?? true} onChange={(event) => set({ enabled: event.currentTarget.checked })} />
      </Panel>
      <Panel
        title="Promises"
        text="In minutes of open time. Empty: nothing is promised."
        actions={
          free && (
            <Button
              variant="default"
              size="xs"
              leftSection={<IconPlus size={14} />}
              onClick={() => set({ targets: [...targets, { ...targets[0], priority: free as SlaTarget['priority'] & string }] })}
            >
              For another priority
            </Button>
          )
        }
      >
        {targets.map((target, at) => (
          <div key={target.priority ?? ''} className={s.target}>
            <b>{target.priority ? `${PRIORITIES[target.priority]} priority` : targets.length > 1 ? 'All others' : 'All'}</b>
            {(Object.keys(METRICS) as Metric[])
              .filter((metric) => metric !== 'next' || draft.subject !== 'tickets')
              .map((metric) => (
                <NumberInput
                  key={metric}
                  size="xs"
                  label={metric === 'first' && draft.subject === 'tickets' ? 'Taken up' : METRICS[metric]}
                  min={1}
                  max={525_600}
                  allowDecimal={false}
                  value={target[metric] ?? ''}
                  onChange={(value) => setTarget(at, { [metric]: typeof value === 'number' ? value : null })}
                />
              ))}
            {target.priority ? (
              <ActionIcon aria-label={`Remove ${PRIORITIES[target.priority]}`} onClick={() => set({ targets: targets.filter((_, index) => index !== at) })}>
                <IconTrash size={16} />
              </ActionIcon>
            ) : (
              <span />
            )}
          </div>
        ))}
        <NativeSelect
          label="Counted in the hours of"
          value={draft.calendar_id ?? ''}
          data={[{ value: '', label: 'Every hour, day and night' }, ...calendars.map((each) => ({ value: each.id, label: each.name }))]}
          onChange={(event) => set({ calendar_id: event.currentTarget.value || null })}
        />
        <Checkbox.Group label="The clock stands" value={draft.pauses ?? []} onChange={(chosen) => set({ pauses: chosen as SlaPolicyIn['pauses'] & object })}>
          <div className={s.checks}>
            {options(PAUSES).map(({ value, label }) => (
              <Checkbox key={value} size="sm" value={value} label={label} />
            ))}
          </div>
        </Checkbox.Group>
      </Panel>
      <Panel
        title="Before and after"
        text="What is done when a promise is about to be missed, and when it is. Each step is done once and stands on the timeline."
        actions={
          <Button
            variant="default"
            size="xs"
            leftSection={<IconPlus size={14} />}
            onClick={() => set({ steps: [...steps, { id: crypto.randomUUID(), after: 'breach', minutes: 0, do: 'notify', to: 'lead', value: null }] })}
          >
            Add a step
          </Button>
        }
      >
        <NumberInput
          label="Warn so many minutes before"
          description="Where no more is promised than that: half way. Empty: no warning"
          min={1}
          allowDecimal={false}
          value={draft.warn_minutes ?? ''}
          onChange={(value) => set({ warn_minutes: typeof value === 'number' ? value : null })}
        />
        {steps.map((step, at) => (
          <Step key={step.id} step={step} onChange={(change) => setStep(at, change)} onRemove={() => set({ steps: steps.filter((_, index) => index !== at) })} />
        ))}
      </Panel>
      <Panel title="What if" text="What this policy would have made of the last days, beside those in force. Nothing is changed by trying it.">
        <Trial draft={draft} policyId={policy?.id ?? null} />
      </Panel>
    </>
  )
}

function Step({ step, onChange, onRemove }: { step: SlaStep; onChange: (change: Partial<SlaStep>) => void; onRemove: () => void }) {
  const members = useMembers()
  const tags = useTags()
  const people = [
    { value: 'assignee', label: 'Whoever has it' },
    { value: 'lead', label: 'The team’s lead' },
    { value: 'manager', label: 'The supervisors' },
    ...members.map((member) => ({ value: member.id, label: member.name })),
  ]
  const names = step.do === 'notify' || step.do === 'assign'
  const values = step.do === 'tag' ? tags.map((tag) => ({ value: tag.id, label: tag.name })) : options(PRIORITIES)
  return (
    <div className={s.step}>
      <NumberInput size="xs" label="Minutes" min={0} allowDecimal={false} value={step.minutes ?? 0} onChange={(value) => onChange({ minutes: Number(value) || 0 })} />
      <NativeSelect
        size="xs"
        label="After"
        value={step.after}
        data={[
          { value: 'warning', label: 'the warning' },
          { value: 'breach', label: 'it was missed' },
        ]}
        onChange={(event) => onChange({ after: event.currentTarget.value as SlaStep['after'] })}
      />
      <NativeSelect
        size="xs"
        label="Do"
        value={step.do}
        data={options(DEEDS)}
        onChange={(event) => {
          const deed = event.currentTarget.value as SlaStep['do']
          onChange({ do: deed, to: deed === 'notify' || deed === 'assign' ? 'lead' : null, value: deed === 'priority' ? 'urgent' : null })
        }}
      />
      <NativeSelect
        size="xs"
        label={names ? 'Whom' : 'What'}
        value={(names ? step.to : step.value) ?? ''}
        data={names ? people : [{ value: '', label: 'Choose…' }, ...values]}
        onChange={(event) => onChange(names ? { to: event.currentTarget.value } : { value: event.currentTarget.value || null })}
      />
      <ActionIcon aria-label="Remove this step" onClick={onRemove}>
        <IconTrash size={16} />
      </ActionIcon>
    </div>
  )
}

function Conditions({ draft, error, onChange }: { draft: SlaPolicyIn; error: unknown; onChange: (rule: SlaPolicyIn['rule']) => void }) {
  const { data: catalogue } = useQuery(catalogueQuery(draft.subject ?? 'conversations'))
  const tags = useTags()
  const teams = useTeams()
  const forms = useForms()
  const things = useMemo(
    () => ({
      tag: tags.map((tag) => ({ value: tag.id, label: tag.name })),
      team: teams.map((team) => ({ value: team.id, label: team.name })),
      ticket_category: (forms?.categories ?? []).map((each) => ({ value: each.id, label: each.name })),
    }),
    [tags, teams, forms],
  )
  if (!catalogue) return null
  return (
    <RuleBuilder
      catalogue={catalogue}
      rule={asGroup((draft.rule as Rule | null | undefined) ?? { all: [] })}
      things={things}
      problems={error instanceof ApiError ? error.fields : []}
      onChange={(rule) => onChange(partsOf(asGroup(rule)).length === 0 ? null : (rule as SlaPolicyIn['rule']))}
    />
  )
}

function bodyOf({ id: _, revision: __, ...body }: SlaPolicy): SlaPolicyIn {
  return body
}
