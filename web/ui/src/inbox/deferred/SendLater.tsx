import { Button, NativeSelect } from '@mantine/core'
import { useState } from 'react'
import { Dialog } from '../../settings/parts/Dialog'
import { Problem } from '../../settings/parts/ConfirmDialog'
import { messageOf } from '../../lib/api'
import type { Deferred, Place, Reach } from '../../lib/types'
import { IconAlertTriangle } from '../../ui/icons'
import { fromLocal, isNight, onClock, ownZone, presets, toLocal, zoneName } from './times'
import s from './deferred.module.css'

export const ON_REPLY: { value: Deferred['on_reply']; label: string }[] = [
  { value: 'ask', label: 'ask me what to do' },
  { value: 'cancel', label: 'cancel this message' },
  { value: 'send', label: 'send it anyway' },
]

interface SendLaterProps {
  contactName: string
  reach: Reach
  place: Place | null
  title?: string
  onReply?: Deferred['on_reply']
  at?: number
  /** may refuse: the reason is shown and the dialog stays */
  onChoose: (at: string, onReply: Deferred['on_reply']) => Promise<unknown>
  onClose: () => void
}

/** When a message goes, on the customer's clock and on one's own, and what becomes of it if they write first. */
export default function SendLater({ contactName, reach, place, title = 'Send later', onReply = 'ask', at, onChoose, onClose }: SendLaterProps) {
  const [now] = useState(Date.now)
  const mine = ownZone()
  const zone = place?.time_zone ?? mine
  const choices = presets(now, zone)
  const [local, setLocal] = useState(() => toLocal(at ?? choices[1]?.at ?? now, zone))
  const [answer, setAnswer] = useState(onReply)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const chosen = fromLocal(local, zone)
  const past = !(chosen > now)
  const closes = reach.window_closes_at ? Date.parse(reach.window_closes_at) : null
  const first = contactName.split(' ')[0]

  async function submit() {
    setBusy(true)
    setProblem('')
    try {
      await onChoose(new Date(chosen).toISOString(), answer)
      onClose()
    } catch (error) {
      setProblem(messageOf(error))
      setBusy(false)
    }
  }

  return (
    <Dialog onClose={onClose} title={title} size={440}>
      <form
        className={s.later}
        onSubmit={(event) => {
          event.preventDefault()
          if (!past) void submit()
        }}
      >
        <div className={s.presets} role="group" aria-label="Times">
          {choices.map((each) => (
            <button
              key={each.label}
              type="button"
              aria-pressed={each.at === chosen}
              onClick={() => setLocal(toLocal(each.at, zone))}
            >
              <b>{each.label}</b>
              <span>{onClock(each.at, zone)}</span>
            </button>
          ))}
        </div>
        <label className={s.when}>
          {place ? `Time where ${first} is (${zoneName(zone)})` : 'Time'}
          <input
            type="datetime-local"
            value={local}
            min={toLocal(now, zone)}
            max={toLocal(now + 365 * 86_400_000, zone)}
            onChange={(event) => setLocal(event.currentTarget.value)}
            required
            data-autofocus
          />
        </label>
        {!past && place && zone !== mine && (
          <p className={s.own}>
            {onClock(chosen, mine)} on your clock
            {place.between && `; ${first}’s country has several clocks`}
          </p>
        )}
        {!past && isNight(chosen, zone) && (
          <p className={s.warning}>
            <IconAlertTriangle size={15} /> It will be night where {first} is.
          </p>
        )}
        {!past && closes !== null && chosen > closes && (
          <p className={s.warning}>
            <IconAlertTriangle size={15} /> The reply window closes before that, on {onClock(closes, mine)}. Unless {first} writes again,
            only a template could be sent then.
          </p>
        )}
        <NativeSelect
          label={`If ${first} writes first`}
          data={ON_REPLY}
          value={answer}
          onChange={(event) => setAnswer(event.currentTarget.value as Deferred['on_reply'])}
        />
        <Problem text={past ? 'Choose a time that is still to come.' : problem} />
        <div className={s.foot}>
          <Button variant="default" onClick={onClose}>
            Back
          </Button>
          <Button type="submit" disabled={past} loading={busy}>
            {at ? 'Save' : 'Schedule'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
