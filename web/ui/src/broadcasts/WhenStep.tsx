import '@mantine/core/styles/Chip.css'
import '@mantine/core/styles/RadioCard.css'
import '@mantine/core/styles/RadioIndicator.css'
import { Checkbox, Chip, NativeSelect, NumberInput, Radio, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { fieldsQuery } from '../contacts/contactFields'
import { useCan } from '../lib/session'
import type { Account, Fallback, Guards, Plan, Schedule, Trial } from '../lib/types'
import { accountsQuery } from '../settings/channels/accounts'
import { Option } from '../settings/parts/Option'
import { Panel } from '../settings/parts/Panel'
import p from '../settings/parts/parts.module.css'
import { channelLabel } from '../ui/ChannelIcon'
import type { StepProps } from './Composer'
import { GuardFields, PaceFields, guardsText } from './Limits'
import { WordingEditor } from './WordingEditor'
import { DAYS, dayName, repeatOf, repeatText, ruleOf, type Day, type Repeat } from './times'
import s from './broadcasts.module.css'

const ZONES = Intl.supportedValuesOf('timeZone')
const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone

const KINDS: { value: Schedule['kind']; label: string; text: string }[] = [
  { value: 'now', label: 'When somebody presses the last button', text: 'It goes at once, as fast as the sender may.' },
  { value: 'at', label: 'At a time', text: 'At the same moment for everybody.' },
  { value: 'local', label: 'At a time, where each person is', text: 'Nine o’clock is nine o’clock in Accra and in Lima.' },
  { value: 'best', label: 'At each person’s own best hour', text: 'Within a day of that time, at the hour at which they have mostly been there.' },
]

export function WhenStep({ draft, change }: StepProps) {
  const { plan } = draft
  const set = (part: Partial<Schedule>) => change({ schedule: { ...plan.schedule, ...part } })
  return (
    <div className={s.stack}>
      <When schedule={plan.schedule} onChange={set} />
      <Again schedule={plan.schedule} onChange={set} />
      <First trial={plan.trial} onChange={(trial) => change({ trial })} />
      <Pace plan={plan} change={change} />
      <Watch guards={plan.guards} onChange={(guards) => change({ guards })} />
      <Otherwise plan={plan} onChange={(fallbacks) => change({ fallbacks })} />
    </div>
  )
}

interface ScheduleProps {
  schedule: Schedule
  onChange: (part: Partial<Schedule>) => void
}

function When({ schedule, onChange }: ScheduleProps) {
  const timed = schedule.kind !== 'now'
  return (
    <Panel title="When it goes">
      <Radio.Group
        aria-label="When it goes"
        value={schedule.kind}
        onChange={(kind) => onChange({ kind: kind as Schedule['kind'], ...(kind !== 'now' && schedule.wall === null && { wall: tomorrow(), zone: HERE }) })}
      >
        <div className={s.kinds}>
          {KINDS.map((each) => (
            <Radio.Card key={each.value} value={each.value} className={s.kind ?? ''} aria-label={each.label}>
              <Radio.Indicator />
              <span>
                <b>{each.label}</b>
                <small>{each.text}</small>
              </span>
            </Radio.Card>
          ))}
        </div>
      </Radio.Group>
      {timed && <Wall schedule={schedule} onChange={onChange} />}
      <p className={s.quiet}>Quiet hours and caps hold whatever is chosen: what comes at another hour waits.</p>
    </Panel>
  )
}

function Wall({ schedule, onChange }: ScheduleProps) {
  return (
    <div className={p.pair}>
      <TextInput
        label="Day and time"
        type="datetime-local"
        required
        value={schedule.wall ?? ''}
        onChange={(event) => onChange({ wall: event.currentTarget.value.slice(0, 16) || null })}
      />
      {schedule.kind === 'local' ? (
        <span />
      ) : (
        <Select
          label="Clock"
          searchable
          allowDeselect={false}
          data={ZONES.includes(schedule.zone) ? ZONES : [schedule.zone, ...ZONES]}
          value={schedule.zone}
          onChange={(zone) => zone && onChange({ zone })}
        />
      )}
    </div>
  )
}

function Again({ schedule, onChange }: ScheduleProps) {
  const { data: fields } = useQuery(fieldsQuery)
  const dates = (fields?.fields ?? []).filter((each) => (each.kind === 'date' || each.kind === 'datetime') && !each.archived)
  const kind = schedule.relative ? 'date' : schedule.repeat ? 'repeat' : 'once'
  const repeat = schedule.repeat ? repeatOf(schedule.repeat) : null
  const put = (part: Partial<Repeat>) => repeat && onChange({ repeat: ruleOf({ ...repeat, ...part }) })

  function choose(next: string) {
    const wall = schedule.wall ?? tomorrow()
    const timed = { wall, ...(schedule.kind === 'now' && { kind: 'at' as const, zone: HERE }) }
    if (next === 'repeat') onChange({ repeat: 'FREQ=WEEKLY', relative: null, ...timed })
    else if (next === 'date' && dates[0]) onChange({ relative: { field: dates[0].key, days: 0, yearly: true }, repeat: null, ...timed })
    else onChange({ repeat: null, relative: null })
  }

  return (
    <Panel title="Again" text={schedule.repeat ? `It goes ${repeatText(schedule.repeat)}. Who is in the audience is asked anew each time.` : undefined}>
      <NativeSelect
        aria-label="Whether it repeats"
        maw={340}
        data={[
          { value: 'once', label: 'Once' },
          { value: 'repeat', label: 'Again and again' },
          ...(dates.length > 0 ? [{ value: 'date', label: 'On a date of each person’s own, such as a birthday' }] : []),
        ]}
        value={kind}
        onChange={(event) => choose(event.currentTarget.value)}
      />
      {repeat && (
        <>
          <div className={p.pair}>
            <NumberInput label="Every" min={1} max={99} allowDecimal={false} value={repeat.interval} onChange={(value) => put({ interval: Math.max(1, Number(value)) })} />
            <NativeSelect
              label="Unit"
              data={[
                { value: 'DAILY', label: 'days' },
                { value: 'WEEKLY', label: 'weeks' },
                { value: 'MONTHLY', label: 'months' },
              ]}
              value={repeat.every}
              onChange={(event) => put({ every: event.currentTarget.value as Repeat['every'] })}
            />
          </div>
          {repeat.every === 'WEEKLY' && (
            <Chip.Group multiple value={repeat.days} onChange={(days) => put({ days: DAYS.filter((each) => days.includes(each)) as Day[] })}>
              <div className={s.days} role="group" aria-label="On these days">
                {DAYS.map((day) => (
                  <Chip key={day} value={day} size="sm">
                    {dayName(day)}
                  </Chip>
                ))}
              </div>
            </Chip.Group>
          )}
        </>
      )}
      {schedule.relative && (
        <>
          <div className={p.pair}>
            <NativeSelect
              label="Date"
              data={dates.map((each) => ({ value: each.key, label: each.label }))}
              value={schedule.relative.field}
              onChange={(event) => schedule.relative && onChange({ relative: { ...schedule.relative, field: event.currentTarget.value } })}
            />
            <NumberInput
              label="Days after it"
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              description="Before it, if negative."
              min={-365}
              max={365}
              allowDecimal={false}
              value={schedule.relative.days}
              onChange={(value) => schedule.relative && onChange({ relative: { ...schedule.relative, days: Math.round(Number(value)) } })}
            />
          </div>
          <Checkbox
            label="On every anniversary"
            checked={schedule.relative.yearly}
            onChange={(event) => schedule.relative && onChange({ relative: { ...schedule.relative, yearly: event.currentTarget.checked } })}
          />
        </>
      )}
      {kind !== 'once' && schedule.kind === 'now' && <Wall schedule={schedule} onChange={onChange} />}
    </Panel>
  )
}

const TRIAL: Trial = { people: null, percent: 1, wait_minutes: 30, then: 'go_on', failure_percent: 10, opt_out_percent: 2 }

/** A few first: what goes wrong goes wrong for them alone. */
function First({ trial, onChange }: { trial: Trial | null; onChange: (trial: Trial | null) => void }) {
  const byNumber = trial?.people !== null && trial !== null
  return (
    <Panel title="A few first">
      <Option
        label="Begin with a few, and look"
        text="If too many fail or ask to stop, the rest hear nothing."
        checked={trial !== null}
        onChange={(on) => onChange(on ? TRIAL : null)}
      />
      {trial && (
        <div className={p.pair}>
          <NumberInput
            label={byNumber ? 'People who get it first' : 'Share that gets it first'}
            suffix={byNumber ? '' : ' %'}
            min={1}
            max={byNumber ? 100_000 : 50}
            allowDecimal={false}
            value={trial.people ?? trial.percent ?? 1}
            onChange={(value) => {
              const number = Math.max(1, Math.round(Number(value)))
              onChange({ ...trial, people: byNumber ? number : null, percent: byNumber ? null : Math.min(50, number) })
            }}
          />
          <NativeSelect
            label="Counted in"
            data={[
              { value: 'percent', label: 'percent of all' },
              { value: 'people', label: 'people' },
            ]}
            value={byNumber ? 'people' : 'percent'}
            onChange={(event) => onChange(event.currentTarget.value === 'people' ? { ...trial, people: 100, percent: null } : { ...trial, people: null, percent: 1 })}
          />
          <NumberInput
            label="Then wait"
            suffix=" min"
            min={0}
            max={10_080}
            allowDecimal={false}
            value={trial.wait_minutes}
            onChange={(value) => onChange({ ...trial, wait_minutes: Math.max(0, Math.round(Number(value))) })}
          />
          <NativeSelect
            label="And"
            data={[
              { value: 'go_on', label: 'go on by itself if all is well' },
              { value: 'ask', label: 'ask before going on' },
            ]}
            value={trial.then}
            onChange={(event) => onChange({ ...trial, then: event.currentTarget.value as Trial['then'] })}
          />
          <NumberInput
            label="Not well: failed above"
            suffix=" %"
            min={0}
            max={100}
            allowDecimal={false}
            value={trial.failure_percent}
            onChange={(value) => onChange({ ...trial, failure_percent: Math.round(Number(value)) })}
          />
          <NumberInput
            label="Not well: stops above"
            suffix=" %"
            min={0}
            max={100}
            allowDecimal={false}
            value={trial.opt_out_percent}
            onChange={(value) => onChange({ ...trial, opt_out_percent: Math.round(Number(value)) })}
          />
        </div>
      )}
    </Panel>
  )
}

function Pace({ plan, change }: { plan: Plan; change: StepProps['change'] }) {
  return (
    <Panel title="Pace, budget and priority" text="A fifth of what the sender may is always kept for answers by people.">
      <div className={p.pair}>
        <PaceFields plan={plan} change={change} />
        <TextInput
          label="Warm-up: people on the first days"
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          description="Such as 250, 1000, 5000: then no limit."
          placeholder="No warm-up"
          defaultValue={plan.ramp.join(', ')}
          onBlur={(event) =>
            change({
              ramp: event.currentTarget.value
                .split(/[\s,;]+/)
                .map(Number)
                .filter((each) => Number.isInteger(each) && each > 0)
                .slice(0, 30),
            })
          }
        />
      </div>
    </Panel>
  )
}

/** When it pauses by itself. */
function Watch({ guards, onChange }: { guards: Guards; onChange: (guards: Guards) => void }) {
  return (
    <Panel title="It pauses by itself" text={guardsText(guards)}>
      <GuardFields guards={guards} onChange={onChange} />
    </Panel>
  )
}

/** Whom it has not reached in time is written to on another channel. */
function Otherwise({ plan, onChange }: { plan: Plan; onChange: (fallbacks: Fallback[]) => void }) {
  const maySee = useCan('accounts.read')
  const { data: accounts } = useQuery({ ...accountsQuery, enabled: maySee })
  const others = (accounts?.items ?? []).filter((each: Account) => each.enabled && each.id !== plan.account_id && each.kind !== 'livechat')
  const fallback = plan.fallbacks[0]
  const account = others.find((each) => each.id === fallback?.account_id)
  if (others.length === 0) return null
  return (
    <Panel title="Otherwise">
      <Option
        label="To whom it is not delivered, on another channel"
        text="Counted as one message: who gets the second is not asked again by the first."
        checked={fallback !== undefined}
        onChange={(on) => onChange(on ? [{ account_id: others[0]!.id, after_minutes: 120, wordings: [] }] : [])}
      />
      {fallback && (
        <>
          <div className={p.pair}>
            <Select
              label="From"
              allowDeselect={false}
              data={others.map((each) => ({ value: each.id, label: `${channelLabel(each.kind)}: ${each.name}` }))}
              value={fallback.account_id}
              onChange={(id) => id && onChange([{ ...fallback, account_id: id, wordings: [] }])}
            />
            <NumberInput
              label="Not delivered after"
              suffix=" min"
              min={5}
              max={10_080}
              allowDecimal={false}
              value={fallback.after_minutes}
              onChange={(value) => onChange([{ ...fallback, after_minutes: Math.max(5, Math.round(Number(value))) }])}
            />
          </div>
          {account && (
            <WordingEditor
              key={account.id}
              account={account}
              content={fallback.wordings[0]?.content}
              onChange={(content) => onChange([{ ...fallback, wordings: [{ language: null, content }] }])}
            />
          )}
        </>
      )}
    </Panel>
  )
}

function tomorrow(): string {
  const at = new Date(Date.now() + 86_400_000)
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}T10:00`
}
