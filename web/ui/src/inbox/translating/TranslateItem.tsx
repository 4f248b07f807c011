import { Menu } from '@mantine/core'
import { api } from '../../lib/api'
import { languageName } from '../../lib/format'
import { useCan } from '../../lib/session'
import { toast, toastError } from '../../lib/toast'
import type { Conversation } from '../../lib/types'
import { IconLanguage } from '../../ui/icons'
import { conversationsChanged, putConversation } from '../conversations'
import { ownLanguage, sameLanguage, useConnected } from './translation'

/** In the menu of a conversation: what the customer writes is translated as it comes, for everybody, or no more. */
export default function TranslateItem({ conversation: { id, translate_into: into } }: { conversation: Conversation }) {
  const mayReply = useCan('inbox.reply')
  const connected = useConnected()
  const own = ownLanguage()
  const on = sameLanguage(into, own)
  if (!mayReply || (!connected && !into)) return null

  async function follow(wanted: string | null) {
    try {
      if (putConversation(await api.put<Conversation>(`/conversations/${id}/translation`, { into: wanted }))) conversationsChanged()
      toast(wanted ? `What they write comes in ${languageName(wanted)}.` : 'It is no longer translated.')
    } catch (error) {
      toastError('Not changed', error)
    }
  }

  return (
    <>
      {!on && connected && (
        <Menu.Item leftSection={<IconLanguage size={16} />} onClick={() => void follow(own)}>
          Translate into {languageName(own)}
        </Menu.Item>
      )}
      {into && (
        <Menu.Item leftSection={<IconLanguage size={16} />} onClick={() => void follow(null)}>
          Stop translating
        </Menu.Item>
      )}
    </>
  )
}
