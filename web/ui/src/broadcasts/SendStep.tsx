import { Button, TextInput, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useCampaign } from '../campaigns/CampaignLink'
import { count, fullTime, plural } from '../lib/format'
import type { Broadcast } from '../lib/types'
import { Dialog } from '../settings/parts/Dialog'
import { Panel } from '../settings/parts/Panel'
import p from '../settings/parts/parts.module.css'
import { IconClock, IconFlag, IconHourglass, IconSend2, IconShieldCheck, IconUsersGroup } from '../ui/icons'
import { checkQuery } from './CheckStep'
import type { StepProps } from './Composer'
import { take } from './broadcasts'
import { minor } from './money'
import { lacking, nameOf } from './ready'
import { repeatText, spanText } from './times'
import s from './broadcasts.module.css'

/** Above so many the number is typed before it goes. */
const TYPED_ABOVE = 100

/** What will happen, in sentences, and the one button that makes it happen. */
export function SendStep({ draft, flush }: StepProps) {
  const goTo = useCampaign()
  const { data: check } = useQuery({ ...checkQuery(draft.id), enabled: draft.people !== null })
  const ready = lacking(draft).length === 0 && check?.state === 'ready' && check.fresh
  if (check?.state === 'counting') return <Panel title="First the check" text="It is still being worked out who gets it." />
  if (!ready) {
    return (
      <Panel title="First the check" text="Nothing goes before you have seen who gets it and who does not.">
        <Button onClick={() => goTo(`broadcasts/${draft.id}/check`)} justify="center">
          Check who gets it
        </Button>
      </Panel>
    )
  }
  const { willing } = check
  const sentences = whatHappens(draft, willing)
  return (
    <section className={s.launch} aria-label="What will happen">
      <h2>{willing === 0 ? 'Nobody would get this' : headline(draft, willing)}</h2>
      {draft.reason && (
        <p className={s.missing} role="note">
          {draft.reason.message}
        </p>
      )}
      <ul>
        {sentences.map(({ Icon, text }) => (
          <li key={text}>
            <Icon size={17} aria-hidden /> <span>{text}</span>
          </li>
        ))}
        {check.cost?.currency && (
          <li>
            <IconFlag size={17} aria-hidden />
            <span>
              It costs about {minor(check.cost.minor, check.cost.currency)}
              {draft.plan.budget_minor !== null && `, and stops at ${minor(draft.plan.budget_minor, check.cost.currency)}`}.
            </span>
          </li>
        )}
      </ul>
      <Launch draft={draft} willing={willing} approval={check.approval} flush={flush} />
    </section>
  )
}

function headline({ plan }: Broadcast, willing: number): string {
  const people = plural(willing, 'person', 'people')
  if (plan.schedule.repeat || plan.schedule.relative) return `It goes again and again, today to ${people}`
  return plan.schedule.kind === 'now' ? `${people} get it now` : `${people} get it on ${fullTime(plan.schedule.wall ?? '')}`
}

function whatHappens({ plan }: Broadcast, willing: number) {
  const { schedule, trial, experiment, guards, fallbacks } = plan
  const found: { Icon: typeof IconClock; text: string }[] = []
  if (plan.holdout_percent > 0) found.push({ Icon: IconUsersGroup, text: `${plan.holdout_percent} % were held out by lot and get nothing, to compare with.` })
  if (schedule.repeat) found.push({ Icon: IconClock, text: `It goes ${repeatText(schedule.repeat)}; who fits is asked anew each time.` })
  if (schedule.kind === 'local') found.push({ Icon: IconClock, text: 'By the clock where each person is.' })
  if (schedule.kind === 'best') found.push({ Icon: IconClock, text: 'Each at the hour at which they have mostly been there.' })
  if (trial) {
    const first = trial.people !== null ? `The first ${count(trial.people)}` : `The first ${trial.percent} %`
    const then = trial.then === 'ask' ? 'then somebody has to let it go on' : 'then the rest, if all is well'
    found.push({ Icon: IconHourglass, text: `${first} get it, then ${spanText(trial.wait_minutes)} pass; ${then}.` })
  }
  if (experiment && plan.variants.length > 1) {
    const names = plan.variants.map((each) => nameOf(plan, each.key)).join(' against ')
    const tried = Math.round((willing * experiment.sample_percent) / 100)
    found.push({
      Icon: IconHourglass,
      text: experiment.sample_percent === 100 ? `${names}, by lot.` : `${names} on ${count(tried)}; after ${spanText(experiment.wait_minutes)} the rest get the better one.`,
    })
  }
  if (fallbacks.length > 0) found.push({ Icon: IconSend2, text: `To whom it is not delivered within ${spanText(fallbacks[0]!.after_minutes)} it goes on another channel.` })
  const limits = [
    guards.failure_percent !== null && `${guards.failure_percent} % fail`,
    guards.opt_out_percent !== null && `${guards.opt_out_percent} % ask to stop`,
    guards.block_percent !== null && `${guards.block_percent} % block us`,
  ].filter(Boolean)
  if (limits.length > 0) found.push({ Icon: IconShieldCheck, text: `It pauses by itself when more than ${limits.join(' or ')}.` })
  found.push({ Icon: IconShieldCheck, text: 'Anybody here can stop it with one press. What is under way to the provider then still arrives.' })
  return found
}

interface LaunchProps {
  draft: Broadcast
  willing: number
  /** why a second person has to approve it */
  approval: string | null
  flush: () => Promise<boolean>
}

function Launch({ draft, willing, approval, flush }: LaunchProps) {
  const [busy, setBusy] = useState(false)
  const [typed, setTyped] = useState('')
  const [back, setBack] = useState(false)
  const { may, state, plan } = draft
  const careful = willing > TYPED_ABOVE
  const confirmed = !careful || typed.replaceAll(/\D/g, '') === String(willing)
  const verb = plan.schedule.kind === 'now' && !plan.schedule.repeat && !plan.schedule.relative ? 'Send' : 'Schedule'

  async function run(...work: (() => Promise<boolean>)[]) {
    setBusy(true)
    for (const each of work) if (!(await each())) break
    setBusy(false)
  }

  if (willing === 0) return <p className={s.quiet}>Look at the check: each reason says what would bring people back.</p>
  if (state === 'draft' && may.submit) {
    return (
      <div className={s.launchFoot}>
        <Button size="md" loading={busy} onClick={() => void run(flush, () => take(draft.id, 'submit'))}>
          {approval ? 'Hand it in for approval' : 'It is finished'}
        </Button>
        <p className={s.quiet}>{approval ?? 'The last button comes next. Nothing goes yet.'}</p>
      </div>
    )
  }
  if (state === 'review') {
    return may.approve ? (
      <div className={s.launchFoot}>
        <Button size="md" loading={busy} onClick={() => void run(() => take(draft.id, 'approve', { revision: draft.revision }, 'Approved'))}>
          Approve
        </Button>
        <Button size="md" variant="default" onClick={() => setBack(true)}>
          Send back…
        </Button>
        {back && <BackDialog draft={draft} onClose={() => setBack(false)} />}
      </div>
    ) : (
      <p className={s.quiet}>It waits for somebody else to approve it. You will see it here at once.</p>
    )
  }
  if (state === 'approved' && may.start) {
    return (
      // Not where the button before it was: a second press there would send.
      <form
        className={s.launchFoot}
        data-apart
        onSubmit={(event) => {
          event.preventDefault()
          if (confirmed) void run(() => take(draft.id, 'start', { people: willing }))
        }}
      >
        {careful && (
          <TextInput label={`Type ${willing} to confirm`} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} inputMode="numeric" autoComplete="off" />
        )}
        <Button type="submit" size="lg" leftSection={<IconSend2 size={19} />} loading={busy} disabled={!confirmed}>
          {verb} to {count(willing)}
        </Button>
      </form>
    )
  }
  return <p className={s.quiet}>Your role may look at it, and not send it.</p>
}

function BackDialog({ draft, onClose }: { draft: Broadcast; onClose: () => void }) {
  const [note, setNote] = useState('')
  const [busy, setBusy] = useState(false)
  return (
    <Dialog onClose={onClose} title="Send back" size={440}>
      <form
        className={p.dialog}
        onSubmit={(event) => {
          event.preventDefault()
          setBusy(true)
          void take(draft.id, 'send-back', { note }, 'Sent back').then((fine) => (fine ? onClose() : setBusy(false)))
        }}
      >
        <Textarea label="What has to be different" required autosize minRows={3} maxLength={1000} value={note} onChange={(event) => setNote(event.currentTarget.value)} data-autofocus />
        <div className={p.dialogFoot}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={!note.trim()}>
            Send back
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
