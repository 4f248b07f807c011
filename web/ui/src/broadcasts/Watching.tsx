import { Button, Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useCampaign } from '../campaigns/CampaignLink'
import { Head } from '../campaigns/Head'
import { count, fullTime, plural } from '../lib/format'
import type { Broadcast, BroadcastProgress, BroadcastTally, Effect, Exclusion } from '../lib/types'
import { Ago, Until } from '../settings/parts/Ago'
import { ConfirmDialog } from '../settings/parts/ConfirmDialog'
import { Panel } from '../settings/parts/Panel'
import p from '../settings/parts/parts.module.css'
import { Badge } from '../ui/Badge'
import { ErrorState } from '../ui/ErrorState'
import { IconDots, IconDownload, IconPlayerPauseFilled, IconPlayerPlayFilled } from '../ui/icons'
import { Skeleton } from '../ui/Skeleton'
import { Effect as EffectPanel } from './Effect'
import { Funnel, share, type FunnelStep } from './Funnel'
import { LimitsDialog } from './LimitsDialog'
import { Names, type WhichNames } from './Names'
import { Variants } from './Variants'
import { Ways } from './Ways'
import { Why } from './Why'
import { clone, correct } from './again'
import { STATES, sum, take, type Step } from './broadcasts'
import { effectQuery, revenueText, useEventLabel } from './effect'
import { minor } from './money'
import { nameOf, tracks } from './ready'
import { useReport } from './useReport'
import s from './broadcasts.module.css'

/** What is going out, or went: how far, to whom, what came of it. */
export function Watching({ broadcast }: { broadcast: Broadcast }) {
  const { id, state } = broadcast
  const { data: report, error, refetch } = useReport(id)
  const progress = report?.progress
  const { data: brought } = useQuery({ ...effectQuery(id), enabled: broadcast.plan.goal !== null })
  const effect = brought?.effect ?? null
  const goal = useEventLabel(effect?.event)
  const [which, setWhich] = useState<WhichNames | null>(null)
  const metric = broadcast.plan.experiment?.metric
  const names = (title: string, asked: Record<string, string>) => setWhich({ title, path: 'recipients', asked })
  return (
    <>
      <Heading broadcast={broadcast} />
      <Halted broadcast={broadcast} />
      {error && !progress ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !progress ? (
        <Skeleton height={280} />
      ) : (
        <>
          <Panel title={state === 'scheduled' ? 'Waiting for its time' : state === 'running' ? 'Going out' : 'What went out'}>
            <Progress progress={progress} />
            <Figures progress={progress} effect={effect} />
          </Panel>
          <Panel title="What came of it" text="Press a number to see who.">
            <Funnel
              steps={funnelOf(progress.tally, tracks(broadcast.plan), effect && { label: goal, effect })}
              onNames={(key) => (key === GOAL ? setWhich({ title: goal, path: 'effect/people', asked: {} }) : names(FUNNEL[key] ?? key, { state: key }))}
            />
          </Panel>
          {report && report.variants.length > 1 && report.verdict && metric && report.variants[0]?.[metric] && (
            <Panel title="Which one is better">
              <Variants
                metric={METRICS[metric]}
                verdict={report.verdict.words}
                variants={report.variants.flatMap((each) => {
                  const figures = each[metric]
                  const winner = report.verdict?.state === 'winner' && report.verdict.best === each.key
                  return figures ? [{ ...figures, key: each.key, label: nameOf(broadcast.plan, each.key), winner }] : []
                })}
              />
            </Panel>
          )}
          <EffectPanel id={id} />
          <Ways broadcast={broadcast} ways={progress.ways} onNames={names} />
          <Reasons title="Failed" steps={progress.tally.failed} onNames={(step) => names(step.label, { state: 'failed', reason: step.reason })} />
          <Reasons title="Left out when it went" steps={progress.tally.skipped} onNames={(step) => names(step.label, { state: 'skipped', reason: step.reason })} />
          <Reasons
            title="Left out before"
            steps={progress.left_out}
            onNames={(step) => setWhich({ title: step.label, text: step.fix, path: 'check/people', asked: { reason: step.reason } })}
          />
        </>
      )}
      <Why id={id} />
      {which && <Names id={id} which={which} onClose={() => setWhich(null)} />}
    </>
  )
}

function Heading({ broadcast }: { broadcast: Broadcast }) {
  const { id, plan, state, may } = broadcast
  const goTo = useCampaign()
  const [busy, setBusy] = useState(false)
  const [asking, setAsking] = useState<'cancel' | 'recall' | 'limits' | null>(null)
  const { label, tone } = STATES[state]

  async function run(step: Step, done?: string) {
    setBusy(true)
    await take(id, step, {}, done)
    setBusy(false)
  }

  return (
    <>
      <Head
        title={plan.name}
        back={{ to: 'broadcasts', label: 'Broadcasts' }}
        text={
          <>
            <Badge tone={tone}>{label}</Badge>{' '}
            {broadcast.started_at && (
              <>
                started <Ago at={broadcast.started_at} />
              </>
            )}
          </>
        }
        actions={
          <>
            {may.resume && !undecided(broadcast) && (
              <Button leftSection={<IconPlayerPlayFilled size={15} />} loading={busy} onClick={() => void run('resume', 'It goes on')}>
                Go on
              </Button>
            )}
            {may.pause && (
              <Button color="red" leftSection={<IconPlayerPauseFilled size={15} />} loading={busy} onClick={() => void run('pause', state === 'scheduled' ? 'Stopped before its time: nothing has gone' : 'Stopped. What is under way to the provider still arrives.')}>
                STOP
              </Button>
            )}
            <Button component="a" href={`/api/v1/broadcasts/${id}/table`} download variant="default" leftSection={<IconDownload size={15} />}>
              CSV
            </Button>
            <Menu position="bottom-end">
              <Menu.Target>
                <Button variant="default" aria-label="More about this broadcast" px={9}>
                  <IconDots size={17} />
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                {may.adjust && <Menu.Item onClick={() => setAsking('limits')}>Pace, budget and guards…</Menu.Item>}
                <Menu.Item onClick={() => void clone(broadcast, goTo)}>Make a copy</Menu.Item>
                {may.correct && <Menu.Item onClick={() => void correct(broadcast, goTo)}>Correct it…</Menu.Item>}
                {may.recall && (
                  <Menu.Item className={p.dangerItem ?? ''} onClick={() => setAsking('recall')}>
                    Take it back…
                  </Menu.Item>
                )}
                {may.cancel && (
                  <Menu.Item className={p.dangerItem ?? ''} onClick={() => setAsking('cancel')}>
                    Cancel for good…
                  </Menu.Item>
                )}
              </Menu.Dropdown>
            </Menu>
          </>
        }
      />
      {asking === 'limits' && <LimitsDialog broadcast={broadcast} onClose={() => setAsking(null)} />}
      {asking === 'cancel' && (
        <ConfirmDialog title="Cancel for good?" confirm="Cancel it" onConfirm={() => take(id, 'cancel')} onClose={() => setAsking(null)}>
          <p>Who has got it keeps it. Nobody else gets it, and it cannot be resumed.</p>
        </ConfirmDialog>
      )}
      {asking === 'recall' && (
        <ConfirmDialog title="Take it back?" confirm="Take it back" onConfirm={() => take(id, 'recall')} onClose={() => setAsking(null)}>
          <p>What has not gone is stopped for good. What has gone is deleted where the channel can do that (Telegram). On WhatsApp and SMS it stays: write a correction, which goes to exactly those who got it.</p>
        </ConfirmDialog>
      )}
    </>
  )
}

/** No variant was surely better, and somebody is to say which one the rest get. */
const undecided = ({ reason }: Broadcast): boolean => reason?.code === 'no_winner'

/** Why it does not go on, and what somebody can do about it. */
function Halted({ broadcast }: { broadcast: Broadcast }) {
  const { id, plan, state, reason, may, scheduled_at: at } = broadcast
  if (state === 'scheduled' && at) {
    return (
      <p className={s.quiet}>
        It goes on {fullTime(at)}, <Until at={at} />.
      </p>
    )
  }
  if (!reason || state === 'done') return null
  return (
    <div className={s.halted} role="status">
      <p>{reason.message}</p>
      {undecided(broadcast) &&
        may.resume &&
        plan.variants.map(({ key }) => (
          <Button key={key} variant="default" onClick={() => void take(id, 'resume', { variant: key }, `The rest get ${nameOf(plan, key)}`)}>
            The rest get {nameOf(plan, key)}
          </Button>
        ))}
    </div>
  )
}

interface Part {
  key: string
  label: string
  count: number
}

function partsOf({ people, left_out: leftOut, tally }: BroadcastProgress): Part[] {
  const parts = [
    { key: 'arrived', label: 'delivered', count: tally.delivered ?? 0 },
    { key: 'sent', label: tally.delivered === null ? 'sent' : 'sent, not confirmed', count: tally.sent - (tally.delivered ?? 0) },
    { key: 'unknown', label: 'not known', count: tally.unknown },
    { key: 'failed', label: 'failed', count: sum(tally.failed) },
    { key: 'skipped', label: 'left out', count: sum(tally.skipped) + sum(leftOut) },
    { key: 'cancelled', label: 'cancelled', count: tally.cancelled },
  ]
  return [...parts, { key: 'waiting', label: 'waiting', count: Math.max(0, people - sum(parts)) }]
}

const STAGES = { trial: 'A few get it first.', sample: 'The variants are being tried.', rest: 'Everybody else gets it now.' }

function Progress({ progress }: { progress: BroadcastProgress }) {
  const { people, state, stage, rate, eta, held_until: held, next_look: look } = progress
  const parts = partsOf(progress)
  const gone = people - (parts.at(-1)?.count ?? 0)
  return (
    <div className={s.progress}>
      <div
        className={s.track}
        role="progressbar"
        aria-label="How far it is"
        aria-valuemin={0}
        aria-valuemax={people}
        aria-valuenow={gone}
        aria-valuetext={`${count(gone)} of ${count(people)}`}
      >
        {parts.map((part) => part.count > 0 && <i key={part.key} data-of={part.key} style={{ flexGrow: part.count }} />)}
      </div>
      <ul className={s.legend}>
        {parts
          .filter((part) => part.count > 0)
          .map((part) => (
            <li key={part.key}>
              <i data-of={part.key} aria-hidden />
              <b>{count(part.count)}</b> {part.label}
            </li>
          ))}
      </ul>
      {state === 'running' && (
        <p className={s.quiet} role="status">
          {stage && STAGES[stage]} {rate > 0 && (rate >= 1 ? `${plural(Math.round(rate), 'message')} a second. ` : 'Less than one message a second. ')}
          {held ? (
            <>
              The sender has written first to as many people as it may in a day. It goes on <Until at={held} />, by itself.
            </>
          ) : eta ? (
            <>
              Done <Until at={eta} />.
            </>
          ) : (
            look && (
              <>
                Looked at again <Until at={look} />.
              </>
            )
          )}
        </p>
      )}
    </div>
  )
}

function Figures({ progress, effect }: { progress: BroadcastProgress; effect: Effect | null }) {
  const { people, tally, currency, spent_minor: spent, budget_minor: budget, recall } = progress
  return (
    <dl className={s.figures}>
      <div>
        <dt>In the audience</dt>
        <dd>{count(people)}</dd>
      </div>
      <div>
        <dt>Delivered</dt>
        <dd>{tally.delivered === null ? <span title={UNDELIVERED}>–</span> : share(tally.delivered, tally.delivered_of ?? 0)}</dd>
      </div>
      <div>
        <dt>Answers</dt>
        <dd>{count(tally.replied)}</dd>
      </div>
      <div>
        <dt>Asked to stop</dt>
        <dd>{count(tally.opted_out)}</dd>
      </div>
      {currency && (
        <div>
          <dt>{budget === null ? 'Cost' : `Cost, of ${minor(budget, currency)}`}</dt>
          <dd>{minor(spent, currency)}</dd>
        </div>
      )}
      {effect && effect.revenue.length > 0 && (
        <div>
          <dt>{effect.exact ? 'Revenue' : 'Revenue, about'}</dt>
          <dd>{revenueText(effect.revenue)}</dd>
        </div>
      )}
      {recall && (
        <div>
          <dt>{recall.done ? 'Taken back' : 'Being taken back'}</dt>
          <dd>{count(recall.deleted)}</dd>
        </div>
      )}
    </dl>
  )
}

const METRICS = { delivered: 'delivered', read: 'read', clicked: 'clicked', replied: 'answered' } as const
const FUNNEL: Record<string, string> = { sent: 'Sent', delivered: 'Delivered', read: 'Read', clicked: 'Clicked', replied: 'Answered', opted_out: 'Asked to stop' }

// What was hoped for, told of by a shop or an app.
const GOAL = 'goal'

const UNDELIVERED = 'This channel does not tell what was delivered.'
const UNREAD = 'This channel does not tell who has read a message.'

/** Clicks that nobody counts are no zero, nor is what nobody tells of. */
function funnelOf(tally: BroadcastTally, tracked: boolean, goal: { label: string; effect: Effect } | null): FunnelStep[] {
  // What was sent is the last that is known of a channel that tells no more.
  const arrived = tally.delivered_of === null ? 'sent' : 'delivered'
  const step = (key: 'sent' | 'delivered' | 'read' | 'clicked' | 'replied' | 'opted_out') => ({ key, label: FUNNEL[key]!, count: tally[key] })
  // Who answers need not have clicked, and who clicks need not have sent word of reading: each follows those who got it.
  const delivered: FunnelStep =
    tally.delivered_of === null
      ? { ...step('delivered'), why: UNDELIVERED }
      : { ...step('delivered'), of: 'sent', ...(tally.delivered_of < tally.sent && { share: { whole: tally.delivered_of, words: 'those sent where delivery is told' } }) }
  const read: FunnelStep =
    tally.read_of === null
      ? { ...step('read'), why: UNREAD }
      : { ...step('read'), of: 'delivered', ...(tally.read_of < (tally.delivered ?? 0) && { share: { whole: tally.read_of, words: 'those delivered where reading is told' } }) }
  const followed = (['clicked', 'replied'] as const).filter((key) => key !== 'clicked' || tracked || tally.clicked > 0).map((key) => ({ ...step(key), of: arrived }))
  const reached: FunnelStep[] = goal ? [{ key: GOAL, label: goal.effect.exact ? goal.label : `${goal.label}, about`, count: goal.effect.people, of: 'sent' }] : []
  return [step('sent'), delivered, read, ...followed, ...reached, { ...step('opted_out'), of: arrived, tone: 'bad' }]
}

interface ReasonsProps {
  title: string
  steps: Exclusion[]
  onNames: (step: Exclusion) => void
}

function Reasons({ title, steps, onNames }: ReasonsProps) {
  if (steps.length === 0) return null
  return (
    <Panel title={`${title}: ${count(sum(steps))}`} flush>
      <ul className={s.reasons}>
        {steps.map((step) => (
          <li key={step.reason}>
            <b>{count(step.count)}</b>
            <span>{step.label}</span>
            <Button size="compact-sm" variant="default" onClick={() => onNames(step)} aria-label={`Names: ${step.label}`}>
              Names
            </Button>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
