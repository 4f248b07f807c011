import { ActionIcon, Button, NativeSelect, Switch, TagsInput, TextInput, Tooltip } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { fieldsQuery } from '../../contacts/contactFields'
import { useAgents } from '../../inbox/availability'
import { useTags, useTeams } from '../../inbox/list/choices'
import { useMembers } from '../../inbox/presence'
import { PRIORITIES } from '../../inbox/tags/priorities'
import { ApiError, api, messageOf } from '../../lib/api'
import { useCan } from '../../lib/session'
import { toast } from '../../lib/toast'
import type { Catalogue, FieldProblem, RouteRule, RouteRules } from '../../lib/types'
import { RuleBuilder } from '../../rules/RuleBuilder'
import { asGroup, type Rule } from '../../rules/rules'
import { EmptyState } from '../../ui/EmptyState'
import { IconArrowDown, IconArrowUp, IconPlus, IconRoute, IconTrash } from '../../ui/icons'
import { accountsQuery } from '../channels/accounts'
import { Problem } from '../parts/ConfirmDialog'
import { Heading } from '../parts/Heading'
import p from '../parts/parts.module.css'
import { PageSkeleton } from '../parts/PageSkeleton'
import { FailedPage, ForbiddenPage } from '../parts/States'
import { Trial } from './Trial'
import s from './routing.module.css'

const TITLE = 'Routing rules'
const MOST = 50
const NAMES = new Intl.DisplayNames(undefined, { type: 'region' })

export default function RoutingPage() {
  const allowed = useCan('inbox.read')
  const { data, error, refetch } = useQuery({
    queryKey: ['route-rules'],
    queryFn: () => api.get<RouteRules>('/route-rules'),
    enabled: allowed,
  })
  if (!allowed) return <ForbiddenPage title={TITLE} />
  if (error && !data) return <FailedPage title={TITLE} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton title={TITLE} />
  // A colleague's change gives the page a fresh form.
  return <Page key={data.revision} stored={data} />
}

function Page({ stored }: { stored: RouteRules }) {
  const client = useQueryClient()
  const manages = useCan('inbox.manage')
  const [items, setItems] = useState(stored.items)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const [problems, setProblems] = useState<FieldProblem[]>([])
  const { data: catalogue } = useQuery({
    queryKey: ['route-rules', 'catalogue'],
    queryFn: () => api.get<Catalogue>('/route-rules/catalogue'),
    staleTime: Number.POSITIVE_INFINITY,
  })

  async function save() {
    setBusy(true)
    setProblem('')
    setProblems([])
    try {
      client.setQueryData(['route-rules'], await api.put<RouteRules>('/route-rules', { items, revision: stored.revision }))
      toast('Saved')
    } catch (error) {
      setProblem(messageOf(error))
      if (error instanceof ApiError) setProblems(error.fields)
      setBusy(false)
    }
  }

  const set = (at: number, part: Partial<RouteRule>) => setItems(items.map((item, index) => (index === at ? { ...item, ...part } : item)))
  function move(at: number, by: number) {
    const next = [...items]
    const [taken] = next.splice(at, 1)
    if (taken) next.splice(at + by, 0, taken)
    setItems(next)
  }
  const add = manages && (
    <Button variant="default" leftSection={<IconPlus size={16} />} disabled={items.length >= MOST} onClick={() => setItems([...items, NEW])}>
      Add a rule
    </Button>
  )

  return (
    <>
      <Heading
        title={TITLE}
        text="Where conversations go when they begin. Rules are asked in order, and the first that holds decides; without one, the account's team gets it."
        actions={
          manages && (items.length > 0 || items !== stored.items) && (
            <Button onClick={() => void save()} loading={busy} disabled={items === stored.items}>
              Save
            </Button>
          )
        }
      />
      <Problem text={problem} />
      {items.length === 0 ? (
        <section className={p.list} aria-label={TITLE}>
          <EmptyState icon={IconRoute} title="No rules yet" text="Send refunds, VIPs or a language to a team of their own, with a priority and the skills it takes." action={add} />
        </section>
      ) : (
        catalogue && (
          <fieldset className={s.rules} disabled={!manages}>
            <legend className="visually-hidden">{TITLE}</legend>
            <ol>
              {items.map((item, at) => (
                // Rules have no identity of their own before they are saved.
                <li key={item.id || `new-${at}`} className={s.rule} data-off={!item.enabled || undefined} aria-label={`Rule ${at + 1}`}>
                  <div className={s.top}>
                    <span className={s.place}>{at + 1}</span>
                    <TextInput
                      aria-label={`Name of rule ${at + 1}`}
                      placeholder="What it is about"
                      maxLength={100}
                      value={item.name}
                      onChange={(event) => set(at, { name: event.currentTarget.value })}
                    />
                    <Switch aria-label={`Rule ${at + 1} is on`} checked={item.enabled} onChange={(event) => set(at, { enabled: event.currentTarget.checked })} />
                    <Step label={`Ask rule ${at + 1} earlier`} disabled={at === 0} onClick={() => move(at, -1)}>
                      <IconArrowUp size={16} />
                    </Step>
                    <Step label={`Ask rule ${at + 1} later`} disabled={at === items.length - 1} onClick={() => move(at, 1)}>
                      <IconArrowDown size={16} />
                    </Step>
                    <Step label={`Remove rule ${at + 1}`} onClick={() => setItems(items.filter((_, index) => index !== at))}>
                      <IconTrash size={16} />
                    </Step>
                  </div>
                  <Condition catalogue={catalogue} item={item} problems={of(problems, at)} onChange={(rule) => set(at, { rule: rule as unknown as RouteRule['rule'] })} />
                  <Outcome item={item} onChange={(part) => set(at, part)} />
                </li>
              ))}
            </ol>
            {add}
          </fieldset>
        )
      )}
      {manages && items.length > 0 && <Trial items={items} />}
    </>
  )
}

const NEW: RouteRule = {
  id: '',
  name: '',
  rule: { all: [{ field: 'last_text', op: 'contains', value: '' }] } as unknown as RouteRule['rule'],
  team_id: null,
  priority: null,
  skills: [],
  enabled: true,
}

/** What the server says of one rule, by the names that its own fields have. */
function of(problems: FieldProblem[], at: number): FieldProblem[] {
  const before = `items.${at}.`
  return problems.filter(({ field }) => field.startsWith(before)).map((each) => ({ ...each, field: each.field.slice(before.length) }))
}

function Step({ label, children, ...rest }: { label: string; disabled?: boolean; onClick: () => void; children: React.ReactNode }) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" aria-label={label} {...rest}>
        {children}
      </ActionIcon>
    </Tooltip>
  )
}

interface ConditionProps {
  catalogue: Catalogue
  item: RouteRule
  problems: FieldProblem[]
  onChange: (rule: Rule) => void
}

/** Every country with telephones, by name. */
function countriesOf(catalogue: Catalogue) {
  const { options } = catalogue.fields.find((field) => field.name === 'country') ?? { options: [] }
  return options
    .map(([value]) => ({ value, label: NAMES.of(value) ?? value }))
    .toSorted((one, other) => one.label.localeCompare(other.label))
}

function Condition({ catalogue, item, problems, onChange }: ConditionProps) {
  const tags = useTags()
  const { data: accounts } = useQuery({ ...accountsQuery, enabled: useCan('accounts.read') })
  const { data: known } = useQuery(fieldsQuery)
  const members = useMembers()
  const things = useMemo(
    () => ({
      tag: tags.map((tag) => ({ value: tag.id, label: tag.name })),
      account: (accounts?.items ?? []).map((account) => ({ value: account.id, label: account.name })),
      country: countriesOf(catalogue),
      stage: (known?.stages ?? []).map((stage) => ({ value: stage.id, label: stage.label })),
      member: members.map((member) => ({ value: member.id, label: member.name })),
    }),
    [catalogue, tags, accounts, known, members],
  )
  return <RuleBuilder catalogue={catalogue} rule={asGroup(item.rule as unknown as Rule)} things={things} problems={problems} onChange={onChange} />
}

function Outcome({ item, onChange }: { item: RouteRule; onChange: (part: Partial<RouteRule>) => void }) {
  const teams = useTeams()
  const skills = [...new Set(useAgents().flatMap((agent) => agent.skills))].toSorted()
  return (
    <div className={s.outcome}>
      <NativeSelect
        label="Goes to"
        value={item.team_id ?? ''}
        onChange={(event) => onChange({ team_id: event.currentTarget.value || null })}
        data={[{ value: '', label: "The account's team" }, ...teams.map(({ id, name }) => ({ value: id, label: name }))]}
      />
      <NativeSelect
        label="Priority"
        value={item.priority ?? ''}
        onChange={(event) => onChange({ priority: (event.currentTarget.value || null) as RouteRule['priority'] })}
        data={[{ value: '', label: 'As it is' }, ...PRIORITIES]}
      />
      <TagsInput label="Only for agents with" placeholder={item.skills.length > 0 ? '' : 'skills'} data={skills} value={item.skills} onChange={(next) => onChange({ skills: next })} />
    </div>
  )
}
