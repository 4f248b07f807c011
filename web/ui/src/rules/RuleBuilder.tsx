import { ActionIcon, Button, MultiSelect, NumberInput, Select, TextInput } from '@mantine/core'
import { useMemo } from 'react'
import type { FieldProblem, Catalogue } from '../lib/types'
import { IconPlus, IconX } from '../ui/icons'
import { asGroup, isCondition, isGroup, partsOf, withParts, type Condition, type Group, type Rule } from './rules'
import s from './rules.module.css'

type Field = Catalogue['fields'][number]
type Op = Field['ops'][number]

interface Choice {
  value: string
  label: string
}

export interface RuleBuilderProps {
  catalogue: Catalogue
  rule: Rule
  onChange: (rule: Rule) => void
  /** what fields that refer to something offer: by the catalogue's `refers_to` */
  things: Record<string, Choice[]>
  /** what the server said is wrong, by its place: `rule.all.0.value` */
  problems?: FieldProblem[]
}

const UNITS: Choice[] = ['minutes', 'hours', 'days', 'weeks'].map((unit) => ({ value: unit, label: unit }))
const MOST_DEPTH = 3

/** A rule as sentences: conditions, and groups of which all or any must hold. For views, routing, SLA and segments. */
export function RuleBuilder({ rule, onChange, ...shared }: RuleBuilderProps) {
  return <GroupEditor {...shared} group={asGroup(rule)} onChange={onChange} at="rule" depth={1} />
}

interface EditorProps extends Omit<RuleBuilderProps, 'rule'> {
  at: string
  depth: number
}

function GroupEditor({ group, onChange, onRemove, at, depth, ...shared }: EditorProps & { group: Group; onRemove?: () => void }) {
  const parts = partsOf(group)
  const kind = 'all' in group ? 'all' : 'any'
  const put = (index: number, part: Rule | null) =>
    onChange(withParts(group, part === null ? parts.filter((_, at) => at !== index) : parts.map((each, at) => (at === index ? part : each))))
  const first = shared.catalogue.fields[0]
  return (
    <fieldset className={s.group} data-depth={depth}>
      <legend className="visually-hidden">Conditions</legend>
      <div className={s.groupHead}>
        <Select
          size="xs"
          w={96}
          aria-label="How conditions are joined"
          allowDeselect={false}
          data={[
            { value: 'all', label: 'All of' },
            { value: 'any', label: 'Any of' },
          ]}
          value={kind}
          onChange={(value) => onChange(value === 'any' ? { any: parts } : { all: parts })}
        />
        <span>{parts.length === 0 ? 'no conditions: everything' : 'these hold'}</span>
        {onRemove && <RemoveButton label="Remove this group" onClick={onRemove} />}
      </div>
      {parts.map((part, index) => {
        const place = `${at}.${kind}.${index}`
        const common = { ...shared, at: place, depth: depth + 1, onChange: (next: Rule) => put(index, next) }
        if (isCondition(part)) return <ConditionEditor key={index} {...common} condition={part} onRemove={() => put(index, null)} />
        if (isGroup(part)) return <GroupEditor key={index} {...common} group={part} onRemove={() => put(index, null)} />
        return (
          <div key={index} className={s.not}>
            <b>Not</b>
            <GroupEditor
              {...common}
              at={`${place}.not`}
              group={asGroup(part.not)}
              onChange={(next) => put(index, { not: next })}
              onRemove={() => put(index, null)}
            />
          </div>
        )
      })}
      <div className={s.adders}>
        <Button
          size="compact-xs"
          variant="subtle"
          leftSection={<IconPlus size={13} />}
          onClick={() => first && onChange(withParts(group, [...parts, emptyCondition(first)]))}
        >
          Condition
        </Button>
        {depth < MOST_DEPTH && (
          <>
            <Button size="compact-xs" variant="subtle" color="gray" onClick={() => onChange(withParts(group, [...parts, { any: [] }]))}>
              Group
            </Button>
            <Button size="compact-xs" variant="subtle" color="gray" onClick={() => onChange(withParts(group, [...parts, { not: { any: [] } }]))}>
              Not
            </Button>
          </>
        )}
      </div>
    </fieldset>
  )
}

function ConditionEditor({
  condition,
  onChange,
  onRemove,
  catalogue,
  things,
  problems = [],
  at,
}: EditorProps & { condition: Condition; onRemove: () => void }) {
  const field = catalogue.fields.find((each) => each.name === condition.field)
  const op = field?.ops.find((each) => each.name === condition.op)
  const problem = problems.find((each) => each.field === at || each.field.startsWith(`${at}.`))
  return (
    <div className={s.condition}>
      <div className={s.line}>
        <Select
          size="xs"
          w={150}
          aria-label="What is asked"
          searchable
          allowDeselect={false}
          data={catalogue.fields.map((each) => ({ value: each.name, label: each.label }))}
          value={condition.field}
          onChange={(name) => {
            const next = catalogue.fields.find((each) => each.name === name)
            if (next) onChange(emptyCondition(next))
          }}
        />
        <Select
          size="xs"
          w={140}
          aria-label="How it is compared"
          allowDeselect={false}
          data={(field?.ops ?? []).map((each) => ({ value: each.name, label: each.label }))}
          value={condition.op}
          onChange={(name) => {
            const next = field?.ops.find((each) => each.name === name)
            if (field && next) onChange({ field: field.name, op: next.name, ...valueFor(field, next, condition.value, op) })
          }}
        />
        {field && op && <ValueEditor field={field} op={op} things={things} value={condition.value} onChange={(value) => onChange({ ...condition, value })} />}
        <RemoveButton label={`Remove the condition on ${field?.label ?? condition.field}`} onClick={onRemove} />
      </div>
      {problem && (
        <p className={s.problem} role="alert">
          {problem.message}
        </p>
      )}
    </div>
  )
}

interface ValueProps {
  field: Field
  op: Op
  value: unknown
  things: Record<string, Choice[]>
  onChange: (value: unknown) => void
}

function ValueEditor({ field, op, value, things, onChange }: ValueProps) {
  const choices = useMemo<Choice[] | null>(() => {
    if (field.refers_to) return things[field.refers_to] ?? []
    return field.options.length > 0 ? field.options.map(([option, label]) => ({ value: option, label })) : null
  }, [field, things])
  const shared = { size: 'xs', 'aria-label': `Value for ${field.label}`, className: s.value } as const

  if (op.takes === 'nothing') return null
  if (op.takes === 'duration') {
    const { amount, unit } = value as { amount: number; unit: string }
    return (
      <span className={s.pair}>
        <NumberInput {...shared} w={76} min={1} max={5000} allowDecimal={false} value={amount} onChange={(next) => onChange({ amount: Number(next) || 1, unit })} />
        <Select
          {...shared}
          w={100}
          aria-label="Unit of time"
          allowDeselect={false}
          data={UNITS}
          value={unit}
          onChange={(next) => onChange({ amount, unit: next ?? unit })}
        />
      </span>
    )
  }
  if (op.takes === 'pair') {
    const [least, most] = value as [number, number]
    return (
      <span className={s.pair}>
        <NumberInput {...shared} w={80} aria-label="At least" value={least} onChange={(next) => onChange([Number(next), most])} />
        <NumberInput {...shared} w={80} aria-label="At most" value={most} onChange={(next) => onChange([least, Number(next)])} />
      </span>
    )
  }
  if (op.takes === 'list') {
    return (
      <MultiSelect
        {...shared}
        searchable
        data={choices ?? (value as string[]).map((each) => ({ value: each, label: each }))}
        value={value as string[]}
        onChange={onChange}
        placeholder={(value as string[]).length === 0 ? 'Choose' : undefined}
      />
    )
  }
  if (field.type === 'boolean') {
    return (
      <Select
        {...shared}
        w={90}
        allowDeselect={false}
        data={[
          { value: 'true', label: 'yes' },
          { value: 'false', label: 'no' },
        ]}
        value={String(value)}
        onChange={(next) => onChange(next === 'true')}
      />
    )
  }
  if (field.type === 'number') return <NumberInput {...shared} w={100} value={value as number} onChange={(next) => onChange(Number(next))} />
  if (field.type === 'time') {
    return (
      <TextInput
        {...shared}
        type="datetime-local"
        value={localTime(value as string)}
        onChange={(event) => event.currentTarget.value && onChange(new Date(event.currentTarget.value).toISOString())}
      />
    )
  }
  if (choices) return <Select {...shared} searchable allowDeselect={false} data={choices} value={value as string} onChange={onChange} placeholder="Choose" />
  return <TextInput {...shared} maxLength={200} value={value as string} onChange={(event) => onChange(event.currentTarget.value)} />
}

function RemoveButton({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <ActionIcon variant="subtle" color="gray" size={26} aria-label={label} onClick={onClick}>
      <IconX size={14} />
    </ActionIcon>
  )
}

function emptyCondition(field: Field): Condition {
  const op = field.ops[0]
  return op ? { field: field.name, op: op.name, ...valueFor(field, op) } : { field: field.name, op: '' }
}

/** A value of the shape that the comparison takes; what was there stays where it fits. */
function valueFor(field: Field, op: Op, before?: unknown, was?: Op): { value?: unknown } {
  if (was && was.takes === op.takes && before !== undefined) return { value: before }
  switch (op.takes) {
    case 'nothing':
      return {}
    case 'duration':
      return { value: { amount: 2, unit: 'hours' } }
    case 'pair':
      return { value: [0, 10] }
    case 'list':
      return { value: typeof before === 'string' && before ? [before] : [] }
    default:
      if (field.type === 'boolean') return { value: true }
      if (field.type === 'number') return { value: 1 }
      if (field.type === 'time') return { value: new Date().toISOString() }
      return { value: Array.isArray(before) ? String(before[0] ?? '') : (field.options[0]?.[0] ?? '') }
  }
}

function localTime(iso: string): string {
  const at = new Date(iso)
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
