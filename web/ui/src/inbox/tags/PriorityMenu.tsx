import { ActionIcon, Menu, Tooltip } from '@mantine/core'
import { useState } from 'react'
import { useShortcut } from '../../lib/keys'
import type { Conversation, Priority } from '../../lib/types'
import { IconFlag } from '../../ui/icons'
import { prioritise } from '../actions'
import { PRIORITIES } from './priorities'

/** How urgent the open conversation is. */
export function PriorityMenu({ conversation: { id, priority } }: { conversation: Conversation }) {
  const [opened, setOpened] = useState(false)
  useShortcut('p', 'Priority…', 'Conversations', () => setOpened(true))

  return (
    <Menu opened={opened} onChange={setOpened} position="bottom-end" width={170}>
      <Menu.Target>
        <Tooltip label="Priority (P)">
          <ActionIcon variant="subtle" color={priority === 'normal' ? 'gray' : 'orange'} size={32} aria-label={`Priority: ${priority}`}>
            <IconFlag size={17} stroke={1.7} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.RadioGroup value={priority} onChange={(value) => prioritise(id, value as Priority)}>
          {PRIORITIES.map(({ value, label }) => (
            <Menu.RadioItem key={value} value={value} closeMenuOnClick>
              {label}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  )
}
