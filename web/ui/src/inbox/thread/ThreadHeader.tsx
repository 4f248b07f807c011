import { ActionIcon, Button, Menu, Tooltip } from '@mantine/core'
import { Suspense, lazy } from 'react'
import { fullTime, languageName } from '../../lib/format'
import { useShortcut } from '../../lib/keys'
import { useMedia, usePhone } from '../../lib/media'
import { useCan, useMe } from '../../lib/session'
import type { Conversation } from '../../lib/types'
import { Avatar } from '../../ui/Avatar'
import { ChannelIcon, channelLabel } from '../../ui/ChannelIcon'
import { IconArrowLeft, IconCheck, IconDots, IconDownload, IconFilter, IconLanguage, IconLayoutSidebarRight, IconMailOpened, IconRefresh, IconUser } from '../../ui/icons'
import { close, markUnread, reopen } from '../actions'
import { ClosingDialogs, ClosingItems } from '../closing/Closing'
import { useMembers, useViewers, useWritingColleague } from '../presence'
import { open } from '../selection'
import { SnoozeMenu } from '../snooze/SnoozeMenu'
import { PriorityMenu } from '../tags/PriorityMenu'
import { TagMenu } from '../tags/TagMenu'
import { FollowItem, useFollowShortcut } from '../../notifications/FollowItem'
import { Kbd } from '../../ui/Kbd'
import { SlaCountdown } from '../../sla/SlaMark'
import { AssignMenu } from './AssignMenu'
import { filtering } from './menuState'
import { CampaignMark } from './CampaignMark'
import s from './thread.module.css'

const TranslateItem = lazy(() => import('../translating/TranslateItem'))

const TIGHT = '(max-width: 900px)'

interface ThreadHeaderProps {
  conversation: Conversation
  panelOpen: boolean
  onTogglePanel: () => void
}

export function ThreadHeader({ conversation, panelOpen, onTogglePanel }: ThreadHeaderProps) {
  const { id, contact, state, reach } = conversation
  const phone = usePhone()
  const tight = useMedia(TIGHT)
  const mayReply = useCan('inbox.reply')
  const colleague = useWritingColleague(id)
  const closed = state === 'closed'

  useShortcut('e', 'Close', 'Conversations', () => close(id), mayReply && !closed)
  useShortcut('shift+e', 'Reopen', 'Conversations', () => reopen(id), mayReply && closed)
  useFollowShortcut(conversation)
  useShortcut('shift+f', 'Find in the thread', 'Conversations', () => filtering.set(filtering.get() === id ? null : id))
  useShortcut('u', 'Mark unread', 'Conversations', () => markUnread(id))

  return (
    <header className={s.head}>
      {phone && (
        <ActionIcon aria-label="Back to the list" size={40} onClick={() => open(null)}>
          <IconArrowLeft size={20} />
        </ActionIcon>
      )}
      <div className={s.headText}>
        <h1>{contact.name}</h1>
        <p>
          {colleague ? (
            <span className={s.colleague}>{colleague} is writing an answer</span>
          ) : (
            <>
              <Status conversation={conversation} />
              {conversation.translate_into && (
                <Tooltip label={`Translated into ${languageName(conversation.translate_into)} as it comes`}>
                  <IconLanguage size={14} role="img" aria-label={`Translated into ${languageName(conversation.translate_into)}`} />
                </Tooltip>
              )}
              <SlaCountdown sla={conversation.sla} />
              {reach[0] && (
                <>
                  <ChannelIcon channel={reach[0].channel} size={13} />
                  <span>
                    {channelLabel(reach[0].channel)}
                    {!phone && ` · ${reach[0].label}`}
                  </span>
                </>
              )}
              {conversation.campaign && !phone && <CampaignMark campaign={conversation.campaign} />}
            </>
          )}
        </p>
      </div>
      <div className={s.headActions}>
        {!phone && <Viewers conversationId={id} />}
        {mayReply && !phone && <TagMenu conversation={conversation} />}
        {mayReply && !phone && <PriorityMenu conversation={conversation} />}
        {mayReply && <AssignMenu conversation={conversation} compact={tight} />}
        {mayReply && !closed && <SnoozeMenu conversation={conversation} />}
        {mayReply &&
          !conversation.blocked &&
          (closed ? (
            <Button
              variant="default"
              size="compact-md"
              className={s.headButton}
              leftSection={<IconRefresh size={16} stroke={1.7} />}
              onClick={() => reopen(id)}
            >
              Reopen
            </Button>
          ) : (
            <Tooltip label="Close the conversation (E)">
              <Button
                variant="default"
                size="compact-md"
                className={s.headButton}
                leftSection={<IconCheck size={16} stroke={1.9} />}
                onClick={() => close(id)}
              >
                Close
              </Button>
            </Tooltip>
          ))}
        <Menu position="bottom-end" width={200}>
          <Menu.Target>
            <ActionIcon aria-label="More">
              <IconDots size={18} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconMailOpened size={16} />} onClick={() => markUnread(id)}>
              Mark unread
            </Menu.Item>
            <Menu.Item leftSection={<IconFilter size={16} />} rightSection={<Kbd>⇧F</Kbd>} onClick={() => filtering.set(id)}>
              Find in the thread
            </Menu.Item>
            <FollowItem conversation={conversation} />
            <Suspense fallback={null}>
              <TranslateItem conversation={conversation} />
            </Suspense>
            <ClosingItems conversation={conversation} />
            <Menu.Divider />
            <Menu.Label>Save the conversation</Menu.Label>
            {TRANSCRIPTS.map(([form, label]) => (
              <Menu.Item
                key={form}
                component="a"
                href={`/api/v1/conversations/${id}/transcript/${form}`}
                download
                leftSection={<IconDownload size={16} />}
              >
                {label}
              </Menu.Item>
            ))}
            {phone && (
              <Menu.Item leftSection={<IconUser size={16} />} onClick={onTogglePanel}>
                Contact details
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
        {!phone && (
          <Tooltip label={panelOpen ? 'Hide contact ( ] )' : 'Show contact ( ] )'}>
            <ActionIcon aria-label="Contact details" aria-pressed={panelOpen} onClick={onTogglePanel}>
              <IconLayoutSidebarRight size={18} stroke={1.7} />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      <ClosingDialogs conversation={conversation} />
    </header>
  )
}

const TRANSCRIPTS = [
  ['text', 'As text'],
  ['html', 'As a page to print'],
  ['pdf', 'As a PDF'],
  ['csv', 'As a table (CSV)'],
] as const

function Status({ conversation: { state, blocked, snoozed_until: until } }: { conversation: Conversation }) {
  if (blocked) return <span>Blocked ·</span>
  if (state === 'closed') return <span>Closed ·</span>
  if (state === 'pending') return <span>With the bot ·</span>
  if (state === 'snoozed') return <span>Snoozed until {until ? fullTime(until) : 'they reply'} ·</span>
  return null
}

function Viewers({ conversationId }: { conversationId: string }) {
  const me = useMe().member
  const ids = useViewers(conversationId)
  const members = useMembers().filter((member) => member.id !== me.id && ids.includes(member.id))
  if (members.length === 0) return null
  return (
    <div className={s.viewers} role="img" aria-label={`${members.map((member) => member.name).join(', ')} also looking`}>
      {members.map((member) => (
        <Tooltip key={member.id} label={`${member.name} is looking at this`}>
          <span>
            <Avatar name={member.name} hue={member.avatar_hue} size={24} />
          </span>
        </Tooltip>
      ))}
    </div>
  )
}
