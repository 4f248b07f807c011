import '@mantine/core/styles/Tabs.css'
import { Button, NativeSelect, NumberInput, Select, Switch, Tabs, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { languageName } from '../lib/format'
import type { Account, Experiment, OutgoingContent, Plan, Variant } from '../lib/types'
import { useCan } from '../lib/session'
import { accountsQuery } from '../settings/channels/accounts'
import { pacingQuery, topicLabel } from '../settings/pacing/pacing'
import { Panel } from '../settings/parts/Panel'
import p from '../settings/parts/parts.module.css'
import { channelLabel } from '../ui/ChannelIcon'
import { IconPlus } from '../ui/icons'
import { Skeleton } from '../ui/Skeleton'
import type { StepProps } from './Composer'
import { OnPhone } from './OnPhone'
import { WordingEditor } from './WordingEditor'
import { emptyText } from './content'
import { nameOf, tracks } from './ready'
import s from './broadcasts.module.css'

const MOST_VARIANTS = 8
const LANGUAGES = ['en', 'fr', 'es', 'pt', 'de', 'it', 'nl', 'pl', 'tr', 'ar', 'he', 'hi', 'bn', 'ur', 'sw', 'ha', 'yo', 'id', 'vi', 'th', 'ja', 'ko', 'zh', 'ru', 'uk', 'ro', 'el', 'cs', 'sv', 'da', 'fi', 'no', 'hu']
const METRICS = { delivered: 'delivered', read: 'read', clicked: 'clicked', replied: 'answered' } as const

export function WhatStep({ draft, change, flush, stored }: StepProps) {
  const { plan } = draft
  const { data: accounts } = useQuery(accountsQuery)
  const { data: pacing } = useQuery({ ...pacingQuery, enabled: useCan('contacts.read') })
  const topics = pacing?.settings.topics ?? []
  const [shown, setShown] = useState(plan.variants[0]!.key)
  const account = accounts?.items.find((each) => each.id === plan.account_id)
  const variant = plan.variants.find((each) => each.key === shown) ?? plan.variants[0]!

  function put(next: Variant) {
    change({ variants: plan.variants.map((each) => (each.key === next.key ? next : each)) })
  }

  function choose(id: string | null) {
    const next = accounts?.items.find((each) => each.id === id)
    // What was written for another kind of channel fits this one only by chance.
    const keeps = account && next && account.kind === next.kind && !next.capabilities.templates
    const { experiment } = plan
    const decides = !experiment || !next || metricsOf(next).includes(experiment.metric)
    change({ account_id: id, ...(!decides && { experiment: { ...experiment, metric: 'replied' } }), ...(!keeps && { variants: plan.variants.map((each) => ({ ...each, wordings: [] })) }) })
  }

  function add() {
    const key = 'abcdefgh'.split('').find((letter) => plan.variants.every((each) => each.key !== letter))
    if (!key) return
    const experiment: Experiment = { sample_percent: 20, metric: tracks(plan) ? 'clicked' : 'replied', wait_minutes: 240, confidence: 95, if_none: 'first' }
    change({ variants: [...plan.variants, { key, name: '', wordings: variant.wordings }], ...(plan.experiment === null && { experiment }) })
    setShown(key)
  }

  function remove(key: string) {
    const left = plan.variants.filter((each) => each.key !== key)
    change({ variants: left, ...(left.length < 2 && { experiment: null }) })
    setShown(left[0]!.key)
  }

  if (!accounts) return <Skeleton height={240} />
  return (
    <div className={s.split}>
      <div className={s.stack}>
        <Panel title="From">
          <div className={p.pair}>
            <Select
              label="Number, sender or bot"
              required
              placeholder="Choose one"
              allowDeselect={false}
              data={accounts.items.filter((each) => each.enabled && each.kind !== 'livechat').map((each) => ({ value: each.id, label: `${channelLabel(each.kind)}: ${each.name}` }))}
              value={plan.account_id}
              onChange={choose}
            />
            <NativeSelect
              label="What it is"
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              description="Marketing needs consent to marketing."
              data={[
                { value: 'marketing', label: 'Marketing' },
                { value: 'transactional', label: 'A notice about something of theirs' },
              ]}
              value={plan.purpose}
              onChange={(event) => change({ purpose: event.currentTarget.value as Plan['purpose'] })}
            />
            {plan.purpose === 'marketing' && topics.length > 0 && (
              <NativeSelect
                label="What it is about"
                inputWrapperOrder={['label', 'input', 'description', 'error']}
                description="Who wants no offers about it does not get it."
                data={[{ value: '', label: 'No topic' }, ...topics.map((each) => ({ value: each.key, label: topicLabel(each) }))]}
                value={plan.topic}
                onChange={(event) => change({ topic: event.currentTarget.value })}
              />
            )}
          </div>
          <div className={p.pair}>
            {plan.purpose === 'marketing' && (
              <Switch
                label="It asks whether they still want offers"
                description="Their own YES to it is a new agreement, to these words."
                checked={plan.asks}
                onChange={(event) => change({ asks: event.currentTarget.checked })}
              />
            )}
            <Switch
              label="Count who opens links"
              description={
                plan.purpose === 'marketing'
                  ? 'Addresses in it become short links of your own.'
                  : 'Off unless you say so: addresses go out as they are.'
              }
              checked={tracks(plan)}
              onChange={(event) => change({ track_clicks: event.currentTarget.checked })}
            />
          </div>
        </Panel>
        {account && (
          <Panel
            title="Message"
            actions={
              plan.variants.length < MOST_VARIANTS && (
                <Button variant="default" size="xs" leftSection={<IconPlus size={14} />} onClick={add}>
                  {plan.variants.length === 1 ? 'Try another one against it' : 'Another variant'}
                </Button>
              )
            }
          >
            {plan.variants.length > 1 && (
              <Tabs value={variant.key} onChange={(key) => key && setShown(key)}>
                <Tabs.List aria-label="Variants">
                  {plan.variants.map((each) => (
                    <Tabs.Tab key={each.key} value={each.key}>
                      {nameOf(plan, each.key)}
                    </Tabs.Tab>
                  ))}
                </Tabs.List>
              </Tabs>
            )}
            {plan.variants.length > 1 && (
              <div className={s.variantHead}>
                <TextInput
                  label="Name of the variant"
                  placeholder={nameOf(plan, variant.key)}
                  maxLength={100}
                  value={variant.name}
                  onChange={(event) => put({ ...variant, name: event.currentTarget.value })}
                />
                <Button variant="subtle" color="red" onClick={() => remove(variant.key)}>
                  Remove it
                </Button>
              </div>
            )}
            <Languages key={variant.key} variant={variant} account={account} onChange={put} />
          </Panel>
        )}
        {plan.experiment && plan.variants.length > 1 && <Contest plan={plan} account={account} experiment={plan.experiment} onChange={(experiment) => change({ experiment })} />}
      </div>
      <OnPhone draft={draft} variant={variant.key} flush={flush} stored={stored} />
    </div>
  )
}

/** One wording for everybody, and others for who speaks something else. */
function Languages({ variant, account, onChange }: { variant: Variant; account: Account; onChange: (variant: Variant) => void }) {
  const { wordings } = variant
  const [at, setAt] = useState(0)
  const shown = wordings[at] ?? wordings[0]
  const index = shown ? wordings.indexOf(shown) : 0
  const taken = new Set(wordings.map((each) => each.language ?? ''))

  function write(content: OutgoingContent) {
    onChange({ ...variant, wordings: shown ? wordings.map((each, i) => (i === index ? { ...each, content } : each)) : [{ language: null, content }] })
  }

  return (
    <>
      {wordings.length > 1 && (
        <Tabs value={String(index)} onChange={(next) => setAt(Number(next))} variant="pills">
          <Tabs.List aria-label="Languages">
            {wordings.map((each, i) => (
              <Tabs.Tab key={each.language ?? ''} value={String(i)}>
                {each.language ? languageName(each.language) : 'Everybody else'}
              </Tabs.Tab>
            ))}
          </Tabs.List>
        </Tabs>
      )}
      <WordingEditor key={`${variant.key}.${index}`} account={account} content={shown?.content} onChange={write} />
      {wordings.length > 0 && (
        <div className={s.variantHead}>
          <Select
            label="In another language"
            placeholder="Add a language"
            searchable
            data={LANGUAGES.filter((each) => !taken.has(each)).map((each) => ({ value: each, label: languageName(each) }))}
            value={null}
            onChange={(language) => {
              if (!language) return
              onChange({ ...variant, wordings: [...wordings, { language, content: account.capabilities.templates ? wordings[0]!.content : emptyText() }] })
              setAt(wordings.length)
            }}
          />
          {shown?.language && (
            <Button
              variant="subtle"
              color="red"
              onClick={() => {
                onChange({ ...variant, wordings: wordings.filter((each) => each !== shown) })
                setAt(0)
              }}
            >
              Remove {languageName(shown.language)}
            </Button>
          )}
        </div>
      )}
    </>
  )
}

/** What can decide: a channel that tells nobody who has read a message has no winner by that. */
function metricsOf({ capabilities }: Account): Experiment['metric'][] {
  return (['delivered', 'read', 'clicked', 'replied'] as const).filter(
    (metric) => (metric !== 'delivered' || capabilities.delivery_receipts) && (metric !== 'read' || capabilities.read_receipts_in),
  )
}

/** How it is decided which variant is better, said before anybody has seen a number. */
function Contest({ plan, account, experiment, onChange }: { plan: Plan; account: Account | undefined; experiment: Experiment; onChange: (experiment: Experiment) => void }) {
  const set = (part: Partial<Experiment>) => onChange({ ...experiment, ...part })
  const whole = experiment.sample_percent === 100
  const told = account ? metricsOf(account) : (Object.keys(METRICS) as Experiment['metric'][])
  // What was chosen before another channel was stays in sight, with the reason why it cannot decide.
  const metrics = told.includes(experiment.metric) ? told : [experiment.metric, ...told]
  return (
    <Panel
      title="Which one is better"
      text={
        whole
          ? `All get one of the ${plan.variants.length}, by lot.`
          : `${experiment.sample_percent} % get one of the ${plan.variants.length} by lot. After the wait, the rest get the one that was surely ${METRICS[experiment.metric]} more often.`
      }
    >
      <div className={p.pair}>
        <NumberInput
          label="Tried on"
          suffix=" %"
          min={1}
          max={100}
          allowDecimal={false}
          value={experiment.sample_percent}
          onChange={(value) => set({ sample_percent: Math.min(100, Math.max(1, Math.round(Number(value)))) })}
        />
        <NativeSelect
          label="Better is what is more often"
          data={metrics.map((value) => ({ value, label: METRICS[value] }))}
          error={told.includes(experiment.metric) ? undefined : 'This channel does not tell; choose another.'}
          value={experiment.metric}
          onChange={(event) => set({ metric: event.currentTarget.value as Experiment['metric'] })}
        />
        <NumberInput
          label="Wait"
          suffix=" min"
          min={1}
          max={43_200}
          allowDecimal={false}
          value={experiment.wait_minutes}
          onChange={(value) => set({ wait_minutes: Math.max(1, Math.round(Number(value))) })}
        />
        <NumberInput
          label="Sure means"
          suffix=" %"
          min={50}
          max={99}
          allowDecimal={false}
          value={experiment.confidence}
          onChange={(value) => set({ confidence: Math.min(99, Math.max(50, Math.round(Number(value)))) })}
        />
        <NativeSelect
          label="If none is surely better"
          data={[
            { value: 'first', label: `The rest get ${nameOf(plan, plan.variants[0]!.key)}` },
            { value: 'best', label: 'The rest get the best so far' },
            { value: 'ask', label: 'Wait until somebody decides' },
          ]}
          value={experiment.if_none}
          onChange={(event) => set({ if_none: event.currentTarget.value as Experiment['if_none'] })}
        />
      </div>
    </Panel>
  )
}
