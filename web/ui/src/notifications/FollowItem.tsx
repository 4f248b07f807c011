import { Menu } from '@mantine/core'
import { useShortcut } from '../lib/keys'
import { useMe } from '../lib/session'
import type { Conversation } from '../lib/types'
import { IconBell, IconBellOff } from '../ui/icons'
import { follow } from './notifications'

/** In the menu of a conversation: be told of what happens in it, or no longer. */
export function FollowItem({ conversation: { id, followers } }: { conversation: Conversation }) {
  const me = useMe().member.id
  const following = followers.includes(me)
  const toggle = () => void follow(id, !following)
  return (
    <Menu.Item leftSection={following ? <IconBellOff size={16} /> : <IconBell size={16} />} onClick={toggle}>
      {following ? 'Unfollow' : 'Follow'}
    </Menu.Item>
  )
}

/** The same by key, wherever the menu is closed. */
export function useFollowShortcut({ id, followers }: Conversation): void {
  const me = useMe().member.id
  const following = followers.includes(me)
  useShortcut('f', following ? 'Unfollow' : 'Follow', 'Conversations', () => void follow(id, !following))
}
