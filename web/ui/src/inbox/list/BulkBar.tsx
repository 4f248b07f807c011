import { ActionIcon, Button, Menu, Tooltip } from '@mantine/core'
import { Suspense, lazy, useState, type ReactNode } from 'react'
import { count as formatted, fullTime, plural } from '../../lib/format'
import { useShortcut } from '../../lib/keys'
import { useMe } from '../../lib/session'
import { useCell } from '../../lib/store'
import { IconCheck, IconFlag, IconMail, IconMailOpened, IconRefresh, IconTag, IconUserPlus, IconUsers, IconX, IconZzz } from '../../ui/icons'
import { useMembers } from '../presence'
import { choices } from '../snooze/times'
import { PRIORITIES } from '../tags/priorities'
import { Going } from './Going'
import { beginBulk, running } from './bulk'
import { useTags, useTeams } from './choices'
import { filter } from './lists'
import { clearSelected, selectAll, selected } from './selected'
import s from './list.module.css'

const SnoozeDialog = lazy(() => import('../snooze/SnoozeDialog'))

/** What can be done with the chosen rows; and how far the last such action is. */
export default function BulkBar({ total, loaded }: { total: number | null; loaded: number }) {
  const { ids, all } = useCell(selected)
  const now = useCell(running)
  const { q } = useCell(filter)
  if (ids.size === 0) return now ? <Going now={now} /> : null
  const more = !all && !q && ids.size >= loaded && (total === null || total > loaded)
  return (
    <div className={s.bulk} role="region" aria-label="Chosen conversations">
      <div className={s.bulkHead}>
        <b aria-live="polite">{all ? (total === null ? 'All that match' : `All ${formatted(total)}`) : plural(ids.size, 'chosen', 'chosen')}</b>
        {more && (
          <button type="button" className={s.clear} onClick={selectAll}>
            {total === null ? 'Choose all that match' : `Choose all ${formatted(total)} that match`}
          </button>
        )}
        <span />
        <ActionIcon variant="subtle" color="gray" size={26} aria-label="Choose nothing" onClick={clearSelected}>
          <IconX size={15} />
        </ActionIcon>
      </div>
      <Actions />
    </div>
  )
}

function Actions() {
  const me = useMe().member
  const members = useMembers().filter((member) => member.status === 'active' && member.id !== me.id)
  const teams = useTeams()
  const tags = useTags()
  const closed = useCell(filter).view === 'closed'
  const [typing, setTyping] = useState(false)
  const close = () => void beginBulk({ type: 'close' }, 'closed')
  const markUnread = () => void beginBulk({ type: 'unread' }, 'marked as unread')

  function snoozeAll(until: Date | null) {
    setTyping(false)
    void beginBulk({ type: 'snooze', until: until?.toISOString() ?? null }, until ? `snoozed until ${fullTime(until.toISOString())}` : 'snoozed until they reply')
  }

  // While rows are chosen, E closes these and not the open conversation.
  useShortcut('e', 'Close the chosen', 'Conversations', close, !closed, true)
  useShortcut('u', 'Mark the chosen unread', 'Conversations', markUnread, true, true)
  useShortcut('Escape', 'Choose nothing', 'Conversations', clearSelected, true, true)

  return (
    <div className={s.bulkActions}>
      {closed ? (
        <One label="Reopen" icon={<IconRefresh size={17} />} onClick={() => void beginBulk({ type: 'reopen' }, 'reopened')} />
      ) : (
        <Button size="compact-sm" variant="default" leftSection={<IconCheck size={15} />} onClick={close}>
          Close
        </Button>
      )}
      <Choice label="Assign" icon={<IconUserPlus size={17} />}>
        <Menu.Item onClick={() => void beginBulk({ type: 'assign', member_id: me.id }, 'assigned to you')}>{me.name} (you)</Menu.Item>
        {members.map((member) => (
          <Menu.Item key={member.id} onClick={() => void beginBulk({ type: 'assign', member_id: member.id }, `assigned to ${member.name}`)}>
            {member.name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => void beginBulk({ type: 'assign', member_id: null }, 'assigned to nobody')}>Nobody</Menu.Item>
      </Choice>
      {teams.length > 0 && (
        <Choice label="Move to a team" icon={<IconUsers size={17} />}>
          {teams.map((team) => (
            <Menu.Item key={team.id} onClick={() => void beginBulk({ type: 'team', team_id: team.id }, `moved to ${team.name}`)}>
              {team.name}
            </Menu.Item>
          ))}
        </Choice>
      )}
      {tags.length > 0 && (
        <Choice label="Tag" icon={<IconTag size={17} />}>
          <Menu.Label>Add</Menu.Label>
          {tags.map((tag) => (
            <Menu.Item
              key={tag.id}
              leftSection={<i className={s.dot} data-colour={tag.colour} aria-hidden />}
              onClick={() => void beginBulk({ type: 'tags', add: [tag.id], remove: [] }, `tagged ${tag.name}`)}
            >
              {tag.name}
            </Menu.Item>
          ))}
          <Menu.Label>Take off</Menu.Label>
          {tags.map((tag) => (
            <Menu.Item key={tag.id} onClick={() => void beginBulk({ type: 'tags', add: [], remove: [tag.id] }, `without ${tag.name}`)}>
              {tag.name}
            </Menu.Item>
          ))}
        </Choice>
      )}
      <Choice label="Priority" icon={<IconFlag size={17} />}>
        {PRIORITIES.map(({ value, label }) => (
          <Menu.Item key={value} onClick={() => void beginBulk({ type: 'priority', priority: value }, `set to ${label.toLowerCase()}`)}>
            {label}
          </Menu.Item>
        ))}
      </Choice>
      {!closed && (
        <Choice label="Snooze" icon={<IconZzz size={17} />}>
          <Menu.Label>Snooze until</Menu.Label>
          {choices(new Date()).map(({ label, until }) => (
            <Menu.Item key={label} onClick={() => snoozeAll(until)}>
              {label}
            </Menu.Item>
          ))}
          <Menu.Item onClick={() => snoozeAll(null)}>They reply</Menu.Item>
          <Menu.Item onClick={() => setTyping(true)}>Another time…</Menu.Item>
        </Choice>
      )}
      <One label="Mark as read" icon={<IconMailOpened size={17} />} onClick={() => void beginBulk({ type: 'read' }, 'marked as read')} />
      <One label="Mark as unread (U)" icon={<IconMail size={17} />} onClick={markUnread} />
      <Suspense fallback={null}>{typing && <SnoozeDialog onTime={snoozeAll} onClose={() => setTyping(false)} />}</Suspense>
    </div>
  )
}

function One({ label, icon, onClick }: { label: string; icon: ReactNode; onClick: () => void }) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size={28} aria-label={label} onClick={onClick}>
        {icon}
      </ActionIcon>
    </Tooltip>
  )
}

function Choice({ label, icon, children }: { label: string; icon: ReactNode; children: ReactNode }) {
  return (
    <Menu position="top" width={210}>
      <Menu.Target>
        <Tooltip label={label}>
          <ActionIcon variant="subtle" color="gray" size={28} aria-label={`${label} the chosen`}>
            {icon}
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown className={s.viewMenu}>{children}</Menu.Dropdown>
    </Menu>
  )
}
