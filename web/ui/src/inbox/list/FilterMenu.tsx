import { ActionIcon, Menu, Tooltip } from '@mantine/core'
import type { ReactNode } from 'react'
import { useMe } from '../../lib/session'
import { useCell } from '../../lib/store'
import { CHANNEL_ORDER, ChannelIcon, channelLabel } from '../../ui/ChannelIcon'
import { IconFilter, IconX } from '../../ui/icons'
import { useMembers } from '../presence'
import { PRIORITIES } from '../tags/priorities'
import { useTags, useTeams } from './choices'
import { clearFilters, filter, setFilter } from './lists'
import { isNarrowed, type Filter } from './listStore'
import s from './list.module.css'

type Listed = 'channels' | 'tags' | 'assignees' | 'teams' | 'priorities'

const DAY_MS = 86_400_000
const TIMES: { label: string; days: number }[] = [
  { label: 'Last 24 hours', days: 1 },
  { label: 'Last 7 days', days: 7 },
  { label: 'Last 30 days', days: 30 },
]

/** Filters of the list: any of the values of each, all of them together. */
export function FilterMenu() {
  const wanted = useCell(filter)
  const tags = useTags()
  const teams = useTeams()
  const me = useMe().member
  const members = useMembers().filter((member) => member.status === 'active' && member.id !== me.id)
  const on = isNarrowed(wanted)

  function toggle(name: Listed, value: string) {
    const values = wanted[name] as string[]
    const next = values.includes(value) ? values.filter((each) => each !== value) : [...values, value]
    setFilter({ [name]: next } as Partial<Filter>)
  }

  function item(name: Listed, value: string, label: string, icon?: ReactNode) {
    const chosen = (wanted[name] as string[]).includes(value)
    return (
      <Menu.CheckboxItem key={value} checked={chosen} rightSection={icon} onChange={() => toggle(name, value)}>
        {label}
      </Menu.CheckboxItem>
    )
  }

  function group(label: string, name: Listed, items: ReactNode) {
    return (
      <Menu.Sub position="left-start">
        <Menu.Sub.Target>
          <Menu.Sub.Item rightSection={wanted[name].length > 0 ? <span className={s.viewCount}>{wanted[name].length}</span> : undefined}>
            {label}
          </Menu.Sub.Item>
        </Menu.Sub.Target>
        <Menu.Sub.Dropdown className={s.viewMenu}>{items}</Menu.Sub.Dropdown>
      </Menu.Sub>
    )
  }

  return (
    <Menu position="bottom-end" width={190} closeOnItemClick={false}>
      <Menu.Target>
        <Tooltip label="Filter">
          <ActionIcon variant={on ? 'light' : 'subtle'} color={on ? 'indigo' : 'gray'} size={34} aria-label="Filter">
            <IconFilter size={17} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {group(
          'Channel',
          'channels',
          CHANNEL_ORDER.map((channel) => item('channels', channel, channelLabel(channel), <ChannelIcon channel={channel} size={16} />)),
        )}
        {tags.length > 0 &&
          group(
            'Tag',
            'tags',
            tags.map((tag) => item('tags', tag.id, tag.name, <i className={s.dot} data-colour={tag.colour} aria-hidden />)),
          )}
        {group('Assignee', 'assignees', [
          item('assignees', 'me', 'Me'),
          item('assignees', 'none', 'Nobody'),
          ...members.map((member) => item('assignees', member.id, member.name)),
        ])}
        {teams.length > 0 &&
          group(
            'Team',
            'teams',
            teams.map((team) => item('teams', team.id, team.name)),
          )}
        {group(
          'Priority',
          'priorities',
          PRIORITIES.map(({ value, label }) => item('priorities', value, label)),
        )}
        <Menu.Sub position="left-start">
          <Menu.Sub.Target>
            <Menu.Sub.Item>Last activity</Menu.Sub.Item>
          </Menu.Sub.Target>
          <Menu.Sub.Dropdown>
            {TIMES.map(({ label, days }) => (
              <Menu.Item key={days} onClick={() => setFilter({ since: daysAgo(days), until: null })}>
                {label}
              </Menu.Item>
            ))}
            <Menu.Item onClick={() => setFilter({ since: null, until: daysAgo(30) })}>More than 30 days ago</Menu.Item>
          </Menu.Sub.Dropdown>
        </Menu.Sub>
        <Menu.CheckboxItem checked={wanted.unread} onChange={(unread) => setFilter({ unread })}>
          Unread only
        </Menu.CheckboxItem>
        {on && (
          <>
            <Menu.Divider />
            <Menu.Item leftSection={<IconX size={14} />} onClick={clearFilters}>
              Clear filters
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}

/** On the minute, so that the same choice is the same list. */
function daysAgo(days: number): string {
  return new Date(Math.floor((Date.now() - days * DAY_MS) / 60_000) * 60_000).toISOString()
}
