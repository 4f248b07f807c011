import { Button, Menu } from '@mantine/core'
import { useState } from 'react'
import { useShortcut } from '../../lib/keys'
import { useMe } from '../../lib/session'
import type { Conversation } from '../../lib/types'
import { Avatar } from '../../ui/Avatar'
import { IconCheck, IconChevronDown, IconUserPlus } from '../../ui/icons'
import { assign } from '../actions'
import { useMembers } from '../presence'
import s from './thread.module.css'

export function AssignMenu({ conversation, compact }: { conversation: Conversation; compact: boolean }) {
  const [opened, setOpened] = useState(false)
  const me = useMe().member
  const members = useMembers().filter((member) => member.status === 'active')
  const assignee = members.find((member) => member.id === conversation.assignee_id)
  const others = members.filter((member) => member.id !== me.id)
  const label = assignee ? (assignee.id === me.id ? 'You' : assignee.name.split(' ')[0]) : 'Assign'

  useShortcut('a', 'Assign…', 'Conversations', () => setOpened(true))
  useShortcut('i', 'Assign to me', 'Conversations', () => assign(conversation.id, me.id))

  return (
    <Menu opened={opened} onChange={setOpened} position="bottom-end" width={230}>
      <Menu.Target>
        <Button
          variant="default"
          size="compact-md"
          className={s.headButton}
          classNames={compact ? { section: s.compactSection } : {}}
          aria-label={assignee ? `Assigned to ${assignee.id === me.id ? 'you' : assignee.name}` : 'Assign'}
          leftSection={assignee ? <Avatar name={assignee.name} hue={assignee.avatar_hue} size={20} /> : <IconUserPlus size={16} stroke={1.7} />}
          rightSection={compact ? null : <IconChevronDown size={14} />}
        >
          {compact ? null : label}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Assign to</Menu.Label>
        {[me, ...others].map((member) => (
          <Menu.Item
            key={member.id}
            leftSection={<Avatar name={member.name} hue={member.avatar_hue} size={24} presence={member.presence} />}
            rightSection={member.id === conversation.assignee_id && <IconCheck size={15} aria-label="assigned" />}
            onClick={() => assign(conversation.id, member.id)}
          >
            {member.id === me.id ? `${member.name} (you)` : member.name}
          </Menu.Item>
        ))}
        {conversation.assignee_id && (
          <>
            <Menu.Divider />
            <Menu.Item onClick={() => assign(conversation.id, null)}>Nobody</Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}
