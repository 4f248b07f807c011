import { ActionIcon, Menu, Tooltip } from '@mantine/core'
import { Suspense, lazy, useState } from 'react'
import { fullTime } from '../../lib/format'
import { useShortcut } from '../../lib/keys'
import type { Conversation } from '../../lib/types'
import { IconAlarm, IconMessage2, IconPencil, IconZzz } from '../../ui/icons'
import { reopen, snooze } from '../actions'
import { choices } from './times'
import s from './snooze.module.css'

const SnoozeDialog = lazy(() => import('./SnoozeDialog'))

/** Put a conversation aside until a time, chosen or typed, or until the customer replies. */
export function SnoozeMenu({ conversation: { id, state } }: { conversation: Conversation }) {
  const [opened, setOpened] = useState(false)
  const [typing, setTyping] = useState(false)
  const asleep = state === 'snoozed'
  useShortcut('s', 'Snooze…', 'Conversations', () => setOpened(true))

  function until(time: Date | null) {
    setTyping(false)
    snooze(id, time)
  }

  return (
    <>
      <Menu opened={opened} onChange={setOpened} position="bottom-end" width={270}>
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
          <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => setTyping(true)}>
            Another time…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Suspense fallback={null}>{typing && <SnoozeDialog onTime={until} onClose={() => setTyping(false)} />}</Suspense>
    </>
  )
}
