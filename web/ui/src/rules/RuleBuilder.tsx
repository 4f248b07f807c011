import { ActionIcon, Button, MultiSelect, NumberInput, Select, TagsInput, TextInput } from '@mantine/core'
import { useMemo } from 'react'
import type { FieldProblem, Catalogue } from '../lib/types'
import { IconPlus, IconX } from '../ui/icons'
import { asGroup, isCondition, isCount, isGroup, localTime, partsOf, withParts, type Condition, type Count, type Group, type Rule, type Span } from './rules'
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
  /** what a rule without conditions means */
  none?: string
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
        <span>{parts.length === 0 ? (shared.none ?? 'no conditions: everything') : 'these hold'}</span>
        {onRemove && <RemoveButton label="Remove this group" onClick={onRemove} />}
      </div>
      {parts.map((part, index) => {
        const place = `${at}.${kind}.${index}`
        const common = { ...shared, at: place, depth: depth + 1, onChange: (next: Rule) => put(index, next) }
        if (isCondition(part)) return <ConditionEditor key={index} {...common} condition={part} onRemove={() => put(index, null)} />
        if (isCount(part)) return <CountEditor key={index} {...common} count={part} onRemove={() => put(index, null)} />
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
        <Asked catalogue={catalogue} value={condition.field} onChange={onChange} />
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

/** Chooses what a condition is about: something known, or something that happened. */
function Asked({ catalogue, value, onChange }: { catalogue: Catalogue; value: string; onChange: (rule: Rule) => void }) {
  const fields = catalogue.fields.map((each) => ({ value: each.name, label: each.label }))
  const events = catalogue.events.map((each) => ({ value: EVENT + each.name, label: each.label }))
  return (
    <Select
      size="xs"
      w={events.length > 0 ? 190 : 150}
      aria-label="What is asked"
      searchable
      allowDeselect={false}
      data={
        events.length > 0
          ? [
              { group: 'What is known', items: fields },
              { group: 'What happened', items: events },
            ]
          : fields
      }
      value={value}
      onChange={(name) => {
        if (name?.startsWith(EVENT)) onChange({ count: name.slice(EVENT.length), op: 'gt', value: 0, within: MONTH })
        const next = catalogue.fields.find((each) => each.name === name)
        if (next) onChange(emptyCondition(next))
      }}
    />
  )
}

const EVENT = 'event:'
/** How comparing reads of times that something happened; what is not here reads as everywhere. */
const COUNTED: Record<string, string> = {
  gt: 'more than',
  lt: 'less than',
  is: 'exactly',
  is_not: 'not exactly',
  within_last: 'last within',
  older_than: 'last longer ago than',
  before: 'last before',
  after: 'last after',
}
const MOST_COUNTED = 100
const MONTH: Span = { amount: 30, unit: 'days' }

/** How often something happened in a period, or when it last did, and what must be true of each time. */
function CountEditor({ count, onChange, onRemove, catalogue, things, problems = [], at }: EditorProps & { count: Count; onRemove: () => void }) {
  const event = catalogue.events.find((each) => each.name === count.count)
  const often = catalogue.often.some((each) => each.name === count.op)
  const op = [...catalogue.often, ...catalogue.last].find((each) => each.name === count.op)
  const where = count.where ?? []
  const problem = problems.find((each) => each.field === at || (each.field.startsWith(`${at}.`) && !each.field.startsWith(`${at}.where.`)))
  const first = event?.attributes[0]
  const put = (index: number, next: Condition | null) =>
    onChange({ ...count, where: next === null ? where.filter((_, i) => i !== index) : where.map((each, i) => (i === index ? next : each)) })

  function compare(name: string | null) {
    const { within, ...rest } = count
    const next = [...catalogue.often, ...catalogue.last].find((each) => each.name === name)
    if (!next) return
    if (catalogue.last.includes(next)) {
      const kept = op?.takes === next.takes && !often ? count.value : next.takes === 'duration' ? MONTH : new Date().toISOString()
      onChange({ ...rest, op: next.name, value: kept })
    } else {
      const value = next.takes === 'pair' ? [1, 5] : typeof count.value === 'number' ? count.value : 1
      onChange({ ...rest, ...(often ? within && { within } : { within: MONTH }), op: next.name, value })
    }
  }

  return (
    <div className={s.condition}>
      <div className={s.line}>
        <Asked catalogue={catalogue} value={EVENT + count.count} onChange={onChange} />
        <Select
          size="xs"
          w={160}
          aria-label="How often, or when last"
          allowDeselect={false}
          data={[
            { group: 'How often', items: catalogue.often.map(({ name, label }) => ({ value: name, label: COUNTED[name] ?? label })) },
            { group: 'When last', items: catalogue.last.map(({ name, label }) => ({ value: name, label: COUNTED[name] ?? label })) },
          ]}
          value={count.op}
          onChange={compare}
        />
        {often ? (
          <>
            <Times value={count.value as number | [number, number]} onChange={(value) => onChange({ ...count, value })} />
            <Select
              size="xs"
              w={96}
              aria-label="In which period"
              allowDeselect={false}
              data={[
                { value: 'ever', label: 'ever' },
                { value: 'within', label: 'in the last' },
              ]}
              value={count.within ? 'within' : 'ever'}
              onChange={(next) => {
                const { within: _, ...rest } = count
                onChange(next === 'within' ? { ...rest, within: MONTH } : rest)
              }}
            />
            {count.within && <SpanInput label="the period" value={count.within} onChange={(within) => onChange({ ...count, within })} />}
          </>
        ) : op?.takes === 'duration' ? (
          <SpanInput label={event?.label ?? count.count} value={count.value as Span} onChange={(value) => onChange({ ...count, value })} />
        ) : (
          <TextInput
            size="xs"
            type="datetime-local"
            aria-label={`Value for ${event?.label ?? count.count}`}
            value={localTime(count.value as string)}
            onChange={(change) => change.currentTarget.value && onChange({ ...count, value: new Date(change.currentTarget.value).toISOString() })}
          />
        )}
        <RemoveButton label={`Remove the condition on ${event?.label ?? count.count}`} onClick={onRemove} />
      </div>
      {event && event.attributes.length > 0 && (
        <div className={s.where}>
          {where.map((each, index) => (
            <ConditionEditor
              key={index}
              catalogue={{ ...catalogue, noun: event.label, fields: event.attributes, events: [] }}
              condition={each}
              things={things}
              problems={problems}
              at={`${at}.where.${index}`}
              depth={MOST_DEPTH}
              onChange={(next) => isCondition(next) && put(index, next)}
              onRemove={() => put(index, null)}
            />
          ))}
          <Button
            size="compact-xs"
            variant="subtle"
            color="gray"
            leftSection={<IconPlus size={13} />}
            onClick={() => first && onChange({ ...count, where: [...where, emptyCondition(first)] })}
          >
            {where.length === 0 ? 'Only where…' : 'And where…'}
          </Button>
        </div>
      )}
      {problem && (
        <p className={s.problem} role="alert">
          {problem.message}
        </p>
      )}
    </div>
  )
}

function Times({ value, onChange }: { value: number | [number, number]; onChange: (value: number | [number, number]) => void }) {
  const shared = { size: 'xs', w: 84, min: 0, max: MOST_COUNTED, allowDecimal: false } as const
  const whole = (next: string | number) => Math.min(MOST_COUNTED, Math.max(0, Math.round(Number(next))))
  if (!Array.isArray(value)) return <NumberInput {...shared} suffix="×" aria-label="Times" value={value} onChange={(next) => onChange(whole(next))} />
  const [least, most] = value
  return (
    <span className={s.pair}>
      <NumberInput {...shared} suffix="×" aria-label="At least" value={least} onChange={(next) => onChange([whole(next), most])} />
      <NumberInput {...shared} suffix="×" aria-label="At most" value={most} onChange={(next) => onChange([least, whole(next)])} />
    </span>
  )
}

function SpanInput({ label, value: { amount, unit }, onChange }: { label: string; value: Span; onChange: (value: Span) => void }) {
  return (
    <span className={s.pair}>
      <NumberInput
        size="xs"
        w={76}
        min={1}
        max={5000}
        allowDecimal={false}
        aria-label={`Value for ${label}`}
        value={amount}
        onChange={(next) => onChange({ amount: Number(next) || 1, unit })}
      />
      <Select size="xs" w={100} aria-label="Unit of time" allowDeselect={false} data={UNITS} value={unit} onChange={(next) => onChange({ amount, unit: next ?? unit })} />
    </span>
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
  if (op.takes === 'duration') return <SpanInput label={field.label} value={value as Span} onChange={onChange} />
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
    // What has no known values is written down, one after the other.
    if (!choices) return <TagsInput {...shared} value={value as string[]} onChange={onChange} placeholder={(value as string[]).length === 0 ? 'Type, then Enter' : ''} />
    return (
      <MultiSelect
        {...shared}
        searchable
        data={choices}
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
