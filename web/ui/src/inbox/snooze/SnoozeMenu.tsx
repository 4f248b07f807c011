import { ActionIcon, Menu, TextInput, Tooltip } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { fullTime } from '../../lib/format'
import { useShortcut } from '../../lib/keys'
import type { Conversation } from '../../lib/types'
import { IconAlarm, IconMessage2, IconZzz } from '../../ui/icons'
import { reopen, snooze } from '../actions'
import { choices, parseTime } from './times'
import s from './snooze.module.css'

/** Put a conversation aside until a time, chosen or typed, or until the customer replies. */
export function SnoozeMenu({ conversation: { id, state } }: { conversation: Conversation }) {
  const [opened, setOpened] = useState(false)
  const asleep = state === 'snoozed'
  useShortcut('s', 'Snooze…', 'Conversations', () => setOpened(true))

  function until(time: Date | null) {
    setOpened(false)
    snooze(id, time)
  }

  return (
    <Menu opened={opened} onChange={setOpened} position="bottom-end" width={270} trapFocus>
      <Menu.Target>
        <Tooltip label={asleep ? 'Snoozed (S)' : 'Snooze (S)'}>
          <ActionIcon aria-label="Snooze" aria-pressed={asleep} onClick={() => setOpened((shown) => !shown)}>
            <IconZzz size={18} stroke={1.7} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {asleep && (
          <>
            <Menu.Item leftSection={<IconAlarm size={16} />} onClick={() => reopen(id)}>
              End the snooze
            </Menu.Item>
            <Menu.Divider />
          </>
        )}
        <Menu.Label>Snooze until</Menu.Label>
        {choices(new Date()).map((choice) => (
          <Menu.Item
            key={choice.label}
            leftSection={<IconAlarm size={16} />}
            rightSection={<span className={s.when}>{fullTime(choice.until.toISOString())}</span>}
            onClick={() => until(choice.until)}
          >
            {choice.label}
          </Menu.Item>
        ))}
        <Menu.Item leftSection={<IconMessage2 size={16} />} onClick={() => until(null)}>
          They reply
        </Menu.Item>
        <Menu.Divider />
        <Typed onTime={until} />
      </Menu.Dropdown>
    </Menu>
  )
}

function Typed({ onTime }: { onTime: (time: Date) => void }) {
  const [text, setText] = useState('')
  const time = parseTime(text, new Date())

  function submit(event: FormEvent) {
    event.preventDefault()
    if (time) onTime(time)
  }

  return (
    <form className={s.typed} onSubmit={submit}>
      <TextInput
        aria-label="Snooze until, in your own words"
        placeholder="friday 9am, in 2 hours, 24 dec…"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        // The menu goes through its items by letters and arrows.
        onKeyDown={(event) => event.key !== 'Escape' && event.stopPropagation()}
      />
      <p role="status">{time ? `Enter: ${fullTime(time.toISOString())}` : text ? 'Not understood yet' : 'Or type a time'}</p>
    </form>
  )
}
