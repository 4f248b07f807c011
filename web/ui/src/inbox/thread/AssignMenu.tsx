import { Button, Menu } from '@mantine/core'
import { Suspense, lazy, useState } from 'react'
import { useShortcut } from '../../lib/keys'
import { useMe } from '../../lib/session'
import type { Conversation } from '../../lib/types'
import { Avatar } from '../../ui/Avatar'
import { IconArrowForwardUp, IconCheck, IconChevronDown, IconUserPlus, IconUsersGroup } from '../../ui/icons'
import { Kbd } from '../../ui/Kbd'
import { assign, moveToTeam } from '../actions'
import { WORDS, useAvailabilities } from '../availability'
import { useTeams } from '../list/choices'
import { useMembers } from '../presence'
import s from './thread.module.css'

const HandoverDialog = lazy(() => import('./HandoverDialog'))

export function AssignMenu({ conversation, compact }: { conversation: Conversation; compact: boolean }) {
  const [opened, setOpened] = useState(false)
  const [handing, setHanding] = useState(false)
  const me = useMe().member
  const members = useMembers().filter((member) => member.status === 'active')
  const availability = useAvailabilities()
  const teams = useTeams()
  const assignee = members.find((member) => member.id === conversation.assignee_id)
  const team = teams.find((each) => each.id === conversation.team_id)
  const others = members.filter((member) => member.id !== me.id)
  const label = assignee ? (assignee.id === me.id ? 'You' : assignee.name.split(' ')[0]) : (team?.name ?? 'Assign')

  useShortcut('a', 'Assign…', 'Conversations', () => setOpened(true))
  useShortcut('i', 'Assign to me', 'Conversations', () => assign(conversation.id, me.id))
  useShortcut('h', 'Hand over with a note…', 'Conversations', () => setHanding(true), conversation.state !== 'closed')

  return (
    <>
      <Menu opened={opened} onChange={setOpened} position="bottom-end" width={250}>
        <Menu.Target>
          <Button
            variant="default"
            size="compact-md"
            className={s.headButton}
            classNames={compact ? { section: s.compactSection } : {}}
            aria-label={nameOf(assignee ? (assignee.id === me.id ? 'you' : assignee.name) : null, team?.name)}
            leftSection={assignee ? <Avatar name={assignee.name} hue={assignee.avatar_hue} size={20} /> : <IconUserPlus size={16} stroke={1.7} />}
            rightSection={compact ? null : <IconChevronDown size={14} />}
          >
            {compact ? null : label}
          </Button>
        </Menu.Target>
        <Menu.Dropdown className={s.assignList}>
          <Menu.Label>Assign to</Menu.Label>
          {[me, ...others].map((member) => (
            <Menu.Item
              key={member.id}
              leftSection={<Avatar name={member.name} hue={member.avatar_hue} size={24} presence={availability(member.id)} />}
              rightSection={member.id === conversation.assignee_id && <IconCheck size={15} aria-label="assigned" />}
              title={WORDS[availability(member.id)]}
              onClick={() => assign(conversation.id, member.id)}
            >
              {member.id === me.id ? `${member.name} (you)` : member.name}
            </Menu.Item>
          ))}
          {conversation.assignee_id && <Menu.Item onClick={() => assign(conversation.id, null)}>Nobody</Menu.Item>}
          {teams.length > 0 && (
            <>
              <Menu.Divider />
              <Menu.Label>Team</Menu.Label>
              {teams.map((each) => (
                <Menu.Item
                  key={each.id}
                  leftSection={<IconUsersGroup size={16} stroke={1.7} />}
                  rightSection={each.id === conversation.team_id && <IconCheck size={15} aria-label="its team" />}
                  onClick={() => moveToTeam(conversation.id, each.id)}
                >
                  {each.name}
                </Menu.Item>
              ))}
            </>
          )}
          {conversation.state !== 'closed' && (
            <>
              <Menu.Divider />
              <Menu.Item
                leftSection={<IconArrowForwardUp size={16} stroke={1.7} />}
                rightSection={<Kbd>H</Kbd>}
                onClick={() => setHanding(true)}
              >
                Hand over with a note…
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      <Suspense fallback={null}>
        {handing && <HandoverDialog conversation={conversation} onClose={() => setHanding(false)} />}
      </Suspense>
    </>
  )
}

function nameOf(assignee: string | null, team: string | undefined): string {
  if (assignee) return `Assigned to ${assignee}`
  return team ? `Assign, with ${team}` : 'Assign'
}
