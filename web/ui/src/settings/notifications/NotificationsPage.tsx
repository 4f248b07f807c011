import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { desktopOn, pushOn, setDesktop, setSound, soundOn } from '../../lib/notify'
import { useCell } from '../../lib/store'
import { toast, toastError } from '../../lib/toast'
import type { PushChoice, PushState } from '../../lib/types'
import { choose, hurdle, pushQuery, test, turnOff, turnOn, type Hurdle } from '../../push/push'
import { Badge } from '../../ui/Badge'
import { ErrorState } from '../../ui/ErrorState'
import { IconDeviceLaptop, IconDeviceMobile } from '../../ui/icons'
import { Ago } from '../parts/Ago'
import { Heading } from '../parts/Heading'
import { RowsSkeleton } from '../parts/PageSkeleton'
import { Option } from '../parts/Option'
import { Panel } from '../parts/Panel'
import p from '../parts/parts.module.css'
import { deviceName, isHandheld } from '../profile/device'
import s from './notifications.module.css'

type Device = PushState['devices'][number]
type Kind = PushState['kinds'][number]

const KINDS: { value: Kind; label: string }[] = [
  { value: 'message', label: 'A customer writes in a conversation of mine' },
  { value: 'assigned', label: 'A conversation is given to me' },
  { value: 'mention', label: 'A colleague mentions me' },
  { value: 'activity', label: 'Something happens in what I follow' },
  { value: 'attention', label: 'A promise is about to be broken, or a ticket needs me' },
  { value: 'deferred', label: 'A message that I wrote for later waits for me' },
  { value: 'woken', label: 'A conversation is back from snooze' },
  { value: 'unhappy', label: 'A customer of mine gives a low score' },
]

const HURDLES: Record<Hurdle, string> = {
  insecure: 'Browsers take pushes over HTTPS alone. Open Parley at an address that begins with https.',
  'add-to-home':
    'On an iPhone or iPad, put Parley on the home screen first: tap Share, then “Add to Home Screen”. Open it from there, and turn pushes on here.',
  unsupported: 'This browser takes no pushes. A current Chrome, Edge, Firefox or Safari does.',
  denied:
    'The browser does not allow notifications for this site. Tap the sign before the address, open its permissions or site settings, set Notifications to Allow, and reload this page.',
}

export default function NotificationsPage() {
  const { data, error, refetch } = useQuery(pushQuery)
  return (
    <>
      <Heading title="Notifications" text="How you hear of what needs you, here and on your phone." />
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <>
          <Devices state={data} />
          {data && <Choice state={data} />}
        </>
      )}
      <HereAndNow />
    </>
  )
}

function Devices({ state }: { state: PushState | undefined }) {
  const [obstacle, setObstacle] = useState(hurdle)
  const [busy, setBusy] = useState(false)
  const here = state?.devices.some((device) => device.current)

  async function start() {
    if (!state) return
    setBusy(true)
    try {
      if (!(await turnOn(state.public_key))) setObstacle(hurdle())
    } catch (error) {
      toastError('Pushes were not turned on here', error)
    }
    setBusy(false)
  }

  return (
    <Panel
      title="Pushes to your devices"
      text="They come while Parley is closed, too. Turn them on in each browser or phone that you want to be reached on."
      flush
      actions={
        state &&
        !here &&
        !obstacle && (
          <Button loading={busy} onClick={() => void start()}>
            Turn on here
          </Button>
        )
      }
    >
      {obstacle && !here && (
        <p className={s.hurdle} role="note">
          {HURDLES[obstacle]}
        </p>
      )}
      {!state ? (
        <RowsSkeleton rows={1} />
      ) : state.devices.length === 0 ? (
        <p className={s.none}>No device of yours gets pushes yet.</p>
      ) : (
        <ul className={p.devices} aria-label="Devices with pushes">
          {state.devices.map((device) => (
            <DeviceRow key={device.id} device={device} />
          ))}
        </ul>
      )}
    </Panel>
  )
}

function DeviceRow({ device }: { device: Device }) {
  const [trying, setTrying] = useState(false)
  const [removing, setRemoving] = useState(false)
  const [outcome, setOutcome] = useState<{ good: boolean; words: string }>()
  const name = deviceName(device.user_agent)
  const Icon = isHandheld(device.user_agent) ? IconDeviceMobile : IconDeviceLaptop

  async function run() {
    setTrying(true)
    setOutcome(undefined)
    try {
      const { sent, words } = await test(device, (taken) => setOutcome({ good: true, words: taken }))
      setOutcome({ good: sent, words })
    } catch (error) {
      toastError('The test was not sent', error)
    }
    setTrying(false)
  }

  async function remove() {
    setRemoving(true)
    try {
      await turnOff(device)
      toast(`${name} gets no more pushes.`)
    } catch (error) {
      toastError('The device still gets pushes', error)
      setRemoving(false)
    }
  }

  return (
    <li>
      <Icon size={20} stroke={1.6} aria-hidden />
      <div className={s.device}>
        <b title={device.user_agent}>
          {name}
          {device.current && <Badge tone="ok">This device</Badge>}
        </b>
        <span>
          on since <Ago at={device.since} /> ·{' '}
          {device.last_push_at ? (
            <>
              last push <Ago at={device.last_push_at} />
            </>
          ) : (
            'no push yet'
          )}
        </span>
        {device.last_error && <span className={s.trouble}>Last push failed: {device.last_error}</span>}
        <span role="status" className={outcome && !outcome.good ? s.trouble : s.well}>
          {outcome?.words}
        </span>
      </div>
      <div className={s.acts}>
        <Button variant="default" size="compact-sm" loading={trying} onClick={() => void run()} aria-label={`Send a test to ${name}`}>
          Send a test
        </Button>
        <Button variant="subtle" color="red" size="compact-sm" loading={removing} onClick={() => void remove()} aria-label={`Turn off pushes to ${name}`}>
          Turn off
        </Button>
      </div>
    </li>
  )
}

function Choice({ state }: { state: PushState }) {
  // What was just chosen is shown at once, whatever the server tells meanwhile of what was chosen before.
  const [chosen, setChosen] = useState<PushChoice>()
  const { kinds, only_away, quiet } = chosen ?? state

  function save(change: Partial<PushChoice>) {
    const next = { kinds, only_away, quiet, ...change }
    setChosen(next)
    choose(next)
      .catch((error: unknown) => toastError('Your choice was not stored', error))
      .finally(() => setChosen((newest) => (newest === next ? undefined : newest)))
  }

  return (
    <Panel title="What is pushed" text="On all of your devices. The bell has the rest.">
      <fieldset className={s.kinds}>
        <legend className="visually-hidden">What is pushed</legend>
        {KINDS.map(({ value, label }) => (
          <Checkbox
            key={value}
            label={label}
            checked={kinds.includes(value)}
            onChange={(event) => save({ kinds: event.currentTarget.checked ? [...kinds, value] : kinds.filter((kind) => kind !== value) })}
          />
        ))}
      </fieldset>
      <Option
        label="Only when I am not at a screen"
        text="Nothing is pushed while you work in a window of Parley, or have the conversation open in one."
        checked={only_away}
        onChange={(on) => save({ only_away: on })}
      />
      <Option
        label="Quiet hours"
        text={quiet ? 'Nothing is pushed then. The bell keeps it for you.' : 'Hours in which nothing is pushed, such as the night.'}
        checked={quiet !== null}
        onChange={(on) => save({ quiet: on ? { start: '22:00', end: '07:00', zone: ownZone() } : null })}
      />
      {quiet && (
        <div className={s.quiet}>
          <Hour label="From" value={quiet.start} onChange={(start) => save({ quiet: { ...quiet, start } })} />
          <Hour label="Until" value={quiet.end} onChange={(end) => save({ quiet: { ...quiet, end } })} />
          <NativeSelect
            label="Time zone"
            value={quiet.zone}
            data={[...new Set([quiet.zone, ownZone(), ...Intl.supportedValuesOf('timeZone')])]}
            onChange={(event) => save({ quiet: { ...quiet, zone: event.currentTarget.value } })}
          />
        </div>
      )}
    </Panel>
  )
}

function Hour({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(value)
  return (
    <TextInput
      type="time"
      label={label}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={() => {
        if (!text) setText(value)
        else if (text !== value) onChange(text)
      }}
    />
  )
}

function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}

function HereAndNow() {
  const sound = useCell(soundOn)
  const desktop = useCell(desktopOn)
  const pushed = useCell(pushOn)
  const supported = 'Notification' in window
  const [blocked, setBlocked] = useState(supported && Notification.permission === 'denied')

  async function chooseDesktop(on: boolean) {
    setBlocked((await setDesktop(on)) === 'denied')
  }

  return (
    <Panel title="While Parley is open" text="In this browser.">
      <Option label="Sound" text="Two soft tones when a customer writes." checked={sound} onChange={setSound} />
      <Option
        label="Desktop notifications"
        text={
          !supported
            ? 'This browser has none.'
            : pushed
              ? 'Pushes to this device take their place.'
              : blocked
                ? 'The browser blocks them for this site. Allow notifications in its site settings, then switch them on here.'
                : 'When a customer writes while you look at another window. The browser asks for permission first.'
        }
        checked={desktop && !pushed}
        disabled={!supported || pushed}
        onChange={(on) => void chooseDesktop(on)}
      />
    </Panel>
  )
}
