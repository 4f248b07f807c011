import { Button, NativeSelect, TextInput, useMantineColorScheme, type MantineColorScheme } from '@mantine/core'
import { useEffect, useState, type FormEvent } from 'react'
import { loadTranslation, offered } from '../../inbox/translating/translation'
import { ApiError, api } from '../../lib/api'
import { languageName } from '../../lib/format'
import { setShortcutsEnabled, shortcutsEnabled } from '../../lib/keys'
import { queryClient } from '../../lib/query'
import { meQuery, savePreferences, useMe } from '../../lib/session'
import { useCell } from '../../lib/store'
import { toast, toastError } from '../../lib/toast'
import type { Member, Preferences } from '../../lib/types'
import { Avatar } from '../../ui/Avatar'
import { IconDeviceDesktop, IconMoon, IconSun } from '../../ui/icons'
import { Heading } from '../parts/Heading'
import { Option } from '../parts/Option'
import { Panel } from '../parts/Panel'
import p from '../parts/parts.module.css'
import s from './profile.module.css'

const THEMES: { value: MantineColorScheme; label: string; Icon: typeof IconSun }[] = [
  { value: 'light', label: 'Light', Icon: IconSun },
  { value: 'dark', label: 'Dark', Icon: IconMoon },
  { value: 'auto', label: 'As the system', Icon: IconDeviceDesktop },
]

export default function ProfilePage() {
  return (
    <>
      <Heading title="Profile" text="How you appear to others, and how Parley works for you." />
      <Identity />
      <Appearance />
      <Writing />
      <Inbox />
      <Reading />
    </>
  )
}

/** Into which language messages are translated; of those that the connected service knows. */
function Reading() {
  const languages = useCell(offered)
  const { preferences } = useMe().member
  useEffect(() => void loadTranslation(), [])
  if (!languages?.connected) return null
  return (
    <Panel title="Reading" text={`What customers write can be translated by ${languages.service}.`}>
      <NativeSelect
        label="Your language"
        className={s.undo ?? ''}
        value={preferences?.language ?? ''}
        onChange={(event) => {
          savePreferences({ language: event.currentTarget.value }).catch((error: unknown) => toastError('Not saved', error))
        }}
        data={[{ value: '', label: 'As this browser' }, ...languages.items.map(({ code }) => ({ value: code, label: languageName(code) }))]}
      />
    </Panel>
  )
}

function Identity() {
  const { member, role_name: roleName, workspace } = useMe()
  const [name, setName] = useState(member.name)
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)
  const changed = name.trim() !== '' && name.trim() !== member.name

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (!changed) return
    setBusy(true)
    setError(undefined)
    try {
      const saved = await api.patch<Member>('/me', { name: name.trim() })
      queryClient.setQueryData(meQuery.queryKey, (me) => me && { ...me, member: { ...me.member, ...saved } })
      void queryClient.invalidateQueries({ queryKey: ['members'] })
      setName(saved.name)
      toast('Your name was saved.')
    } catch (reason) {
      const refusal = reason instanceof ApiError ? reason.field('name') : undefined
      if (refusal) setError(refusal)
      else toastError('Your name was not saved', reason)
    }
    setBusy(false)
  }

  return (
    <Panel title="You">
      <div className={s.identity}>
        <Avatar name={name || member.name} hue={member.avatar_hue} size={52} />
        <div>
          <b>{member.email}</b>
          <span>
            {roleName} in {workspace.name}
          </span>
        </div>
      </div>
      <form className={s.inline} onSubmit={(event) => void submit(event)} aria-label="Your name">
        <TextInput
          label="Name"
          description="Colleagues see it, and customers where a channel shows who writes."
          inputWrapperOrder={['label', 'input', 'error', 'description']}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={error}
          maxLength={200}
          autoComplete="name"
        />
        <Button type="submit" variant="default" disabled={!changed} loading={busy}>
          Save name
        </Button>
      </form>
    </Panel>
  )
}

function Appearance() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()

  function choose(theme: MantineColorScheme) {
    setColorScheme(theme)
    savePreferences({ theme }).catch(() => {
      // The choice holds in this browser; only the copy for other browsers was not stored.
    })
  }

  return (
    <Panel title="Appearance">
      <fieldset className={s.themes}>
        <legend className="visually-hidden">Theme</legend>
        {THEMES.map(({ value, label, Icon }) => (
          <label key={value}>
            <input type="radio" name="theme" value={value} checked={colorScheme === value} onChange={() => choose(value)} />
            <Icon size={18} stroke={1.7} aria-hidden />
            {label}
          </label>
        ))}
      </fieldset>
    </Panel>
  )
}

function Writing() {
  const { preferences } = useMe().member
  const shortcuts = useCell(shortcutsEnabled)
  const enterSends = preferences?.enter_sends ?? true

  function save(change: Parameters<typeof savePreferences>[0]) {
    savePreferences(change).catch((error: unknown) => toastError('Your choice was not stored', error))
  }

  return (
    <Panel title="Writing">
      <Option
        label="Enter sends the message"
        text={enterSends ? 'Shift and Enter begin a new line.' : 'Enter begins a new line; Ctrl or ⌘ and Enter send.'}
        checked={enterSends}
        onChange={(on) => save({ enter_sends: on })}
      />
      <Option
        label="Single-key shortcuts"
        text="Letters such as J, K and E act on conversations. Press ? to see them all."
        checked={shortcuts}
        onChange={(on) => {
          setShortcutsEnabled(on)
          save({ single_key_shortcuts: on })
        }}
      />
      <div className={p.option}>
        <NativeSelect
          className={s.undo ?? ''}
          label="Undo send"
          description="So long a message waits before it leaves. Z, or a click below it, takes it back into the composer."
          value={String(preferences?.undo_seconds ?? 0)}
          onChange={(event) => save({ undo_seconds: Number(event.currentTarget.value) })}
          data={UNDO_CHOICES}
        />
      </div>
    </Panel>
  )
}

const UNDO_CHOICES = [
  { value: '0', label: 'Off: messages go at once' },
  { value: '5', label: '5 seconds' },
  { value: '10', label: '10 seconds' },
  { value: '30', label: '30 seconds' },
]
const AFTER_CLOSING = [
  { value: 'next', label: 'The next one' },
  { value: 'stay', label: 'The same one' },
  { value: 'list', label: 'The list' },
] as const

const DENSITIES = [
  { value: 'comfortable', label: 'Comfortable' },
  { value: 'compact', label: 'Compact' },
] as const

function Inbox() {
  const { preferences } = useMe().member
  return (
    <>
      <OneOf
        title="Rows of the inbox"
        text="Compact rows show a third more conversations."
        options={DENSITIES}
        chosen={preferences?.density ?? 'comfortable'}
        onChoose={(density) => ({ density })}
      />
      <OneOf
        title="After closing"
        text="What you see after you close or snooze a conversation."
        options={AFTER_CLOSING}
        chosen={preferences?.after_closing ?? 'next'}
        onChoose={(after_closing) => ({ after_closing })}
      />
    </>
  )
}

interface OneOfProps<Value extends string> {
  title: string
  text: string
  options: readonly { value: Value; label: string }[]
  chosen: Value
  onChoose(value: Value): Preferences
}

function OneOf<Value extends string>({ title, text, options, chosen, onChoose }: OneOfProps<Value>) {
  return (
    <Panel title={title} text={text}>
      <fieldset className={s.themes}>
        <legend className="visually-hidden">{title}</legend>
        {options.map(({ value, label }) => (
          <label key={value}>
            <input
              type="radio"
              name={title}
              value={value}
              checked={chosen === value}
              onChange={() => {
                savePreferences(onChoose(value)).catch((error: unknown) => toastError('Your choice was not stored', error))
              }}
            />
            {label}
          </label>
        ))}
      </fieldset>
    </Panel>
  )
}
