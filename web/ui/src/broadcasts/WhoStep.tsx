import { MultiSelect, NumberInput, Switch } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useLists } from '../contacts/contactLists'
import { api, messageOf } from '../lib/api'
import type { Audience, AudienceCount } from '../lib/types'
import { RuleBuilder } from '../rules/RuleBuilder'
import { asGroup, isWritten, partsOf, type Rule } from '../rules/rules'
import { People } from '../segments/People'
import { about, allSegmentsQuery, catalogueQuery } from '../segments/segments'
import { useSegmentThings } from '../segments/useSegmentThings'
import { Option } from '../settings/parts/Option'
import { Panel } from '../settings/parts/Panel'
import { useSettled } from '../ui/SearchBox'
import { Skeleton } from '../ui/Skeleton'
import { Colleagues } from './Colleagues'
import type { StepProps } from './Composer'
import { GoalFields } from './GoalFields'
import { isEmpty } from './ready'
import s from './broadcasts.module.css'

type Part = Pick<Audience, 'segments' | 'lists' | 'rule'>

export function WhoStep({ draft, change }: StepProps) {
  const { audience, holdout_percent: holdout } = draft.plan
  const set = (part: Partial<Audience>) => change({ audience: { ...audience, ...part } })
  return (
    <div className={s.split}>
      <div className={s.stack}>
        <Panel title="Who gets it" text="Everybody who is in any of these, once. Who did not agree, or asked to stop, is left out later, and you see their names.">
          <Option
            label="All contacts"
            text="Whoever may be written to."
            checked={audience.everyone}
            onChange={(everyone) => set({ everyone })}
          />
          {!audience.everyone && <Groups part={audience} onChange={set} verb="Also whoever fits a rule" />}
          {audience.broadcasts.length > 0 && <p className={s.quiet}>Exactly those whom the broadcast that this corrects has reached.</p>}
        </Panel>
        <Panel title="Except" text="Whoever is in one of these gets nothing, wherever else they are.">
          <Groups part={audience.exclude} onChange={(part) => set({ exclude: { ...audience.exclude, ...part } })} verb="Also whoever fits a rule" />
        </Panel>
        <Panel title="Holdout" text="A share of them, drawn by lot, gets nothing. What they do anyway shows what the message has really brought about.">
          <NumberInput
            aria-label="Share that gets nothing"
            suffix=" %"
            min={0}
            max={50}
            maw={140}
            allowDecimal={false}
            value={holdout}
            onChange={(share) => change({ holdout_percent: Math.min(50, Math.max(0, Math.round(Number(share)))) })}
          />
        </Panel>
        <GoalFields goal={draft.plan.goal} onChange={(goal) => change({ goal })} />
        <Colleagues draft={draft} change={change} />
      </div>
      <Count audience={audience} />
    </div>
  )
}

interface GroupsProps {
  part: Part
  verb: ReactNode
  onChange: (part: Partial<Part>) => void
}

function Groups({ part, verb, onChange }: GroupsProps) {
  const { data: segments } = useQuery(allSegmentsQuery)
  const lists = useLists()
  const [asking, setAsking] = useState(part.rule !== null)
  const catalogue = useQuery({ ...catalogueQuery, enabled: asking })
  const things = useSegmentThings()
  return (
    <>
      <div className={s.stack}>
        <MultiSelect
          label="Segments"
          placeholder={part.segments.length === 0 ? 'None' : ''}
          searchable
          data={(segments ?? []).map((each) => ({ value: each.id, label: each.name }))}
          value={part.segments}
          onChange={(chosen) => onChange({ segments: chosen })}
          nothingFoundMessage="No such segment"
        />
        <MultiSelect
          label="Lists"
          placeholder={part.lists.length === 0 ? 'None' : ''}
          searchable
          data={lists.map((each) => ({ value: each.id, label: each.name }))}
          value={part.lists}
          onChange={(chosen) => onChange({ lists: chosen })}
          nothingFoundMessage="No such list"
        />
      </div>
      <Switch
        label={verb}
        checked={asking}
        onChange={(event) => {
          setAsking(event.currentTarget.checked)
          if (!event.currentTarget.checked) onChange({ rule: null })
        }}
      />
      {asking &&
        (catalogue.data ? (
          <RuleBuilder
            catalogue={catalogue.data}
            rule={asGroup((part.rule as Rule | null) ?? { all: [] })}
            // A rule of no conditions would mean everybody: it means nobody more.
            onChange={(rule) => onChange({ rule: partsOf(asGroup(rule)).length > 0 ? (rule as Record<string, unknown>) : null })}
            things={things}
            none="no conditions yet"
          />
        ) : catalogue.error ? (
          <p role="alert">{messageOf(catalogue.error)}</p>
        ) : (
          <Skeleton height={90} />
        ))}
    </>
  )
}

/** How many they are, before anything is asked of them. */
function Count({ audience }: { audience: Audience }) {
  const asked = useSettled(JSON.stringify(audience))
  const empty = isEmpty(audience)
  const { data, error, isFetching } = useQuery({
    queryKey: ['broadcasts', 'audience', asked],
    queryFn: ({ signal }) => api.post<AudienceCount>('/broadcasts/audience', { audience: JSON.parse(asked) as Audience }, undefined, signal),
    enabled: !empty && isWritten(((JSON.parse(asked) as Audience).rule as Rule | null) ?? { all: [] }),
    placeholderData: keepPreviousData,
    refetchInterval: (current) => (current.state.data?.exact === false ? 2_000 : false),
    gcTime: 0,
  })
  return (
    <aside className={s.aside} aria-label="How many" aria-busy={isFetching}>
      {empty ? (
        <p className={s.quiet}>Choose a segment or a list, and the number of people appears here.</p>
      ) : error ? (
        <p className={s.quiet}>Not counted yet: {messageOf(error)}</p>
      ) : !data ? (
        <Skeleton height={120} />
      ) : (
        <>
          <p className={s.big} role="status">
            <b>{about(data.count, data.exact)}</b> {data.count === 1 ? 'person is meant' : 'people are meant'}
          </p>
          {!data.exact && <p className={s.quiet}>An estimate from a sample. The exact number follows.</p>}
          <p className={s.quiet}>Consent, caps and the rest are checked in the step Check, and again when each message goes.</p>
          {data.sample.length > 0 && <People people={data.sample} />}
        </>
      )}
    </aside>
  )
}
