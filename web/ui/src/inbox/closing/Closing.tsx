import { Link } from '@tanstack/react-router'
import { Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Suspense, lazy } from 'react'
import { api } from '../../lib/api'
import { queryClient } from '../../lib/query'
import { useCan } from '../../lib/session'
import { useCell } from '../../lib/store'
import { toast, toastError } from '../../lib/toast'
import type { Conversation, Entry } from '../../lib/types'
import { IconBan, IconNote } from '../../ui/icons'
import { reopen } from '../actions'
import { useConversation } from '../conversations'
import { blocking, closingQuery, closingWith } from './closing'
import s from './closing.module.css'

const CloseDialog = lazy(() => import('./CloseDialog'))
const BlockDialog = lazy(() => import('./BlockDialog'))

/** The dialogs of closing, where one was asked for; and the settings that decide whether it is. */
export function ClosingDialogs({ conversation }: { conversation: Conversation }) {
  useQuery(closingQuery)
  const noting = useCell(closingWith)
  const toBlock = useCell(blocking)
  return (
    <Suspense fallback={null}>
      {noting && <CloseDialog conversationId={noting} />}
      {toBlock === conversation.contact_id && <BlockDialog conversation={conversation} />}
    </Suspense>
  )
}

export function ClosingItems({ conversation: { id, state, blocked, contact_id: contactId } }: { conversation: Conversation }) {
  if (!useCan('inbox.reply')) return null
  return (
    <>
      {state !== 'closed' && (
        <Menu.Item leftSection={<IconNote size={16} />} onClick={() => closingWith.set(id)}>
          Close with a note…
        </Menu.Item>
      )}
      <Menu.Divider />
      {blocked ? (
        <Menu.Item leftSection={<IconBan size={16} />} onClick={() => void unblock(contactId)}>
          Unblock the contact
        </Menu.Item>
      ) : (
        <Menu.Item leftSection={<IconBan size={16} />} color="red" onClick={() => blocking.set(contactId)}>
          Block or report spam…
        </Menu.Item>
      )}
    </>
  )
}

async function unblock(contactId: string): Promise<void> {
  try {
    queryClient.setQueryData(['contact', contactId], await api.post(`/contacts/${contactId}/unblock`))
    toast('Unblocked: what they write next opens the conversation.')
  } catch (error) {
    toastError('Not unblocked', error)
  }
}

/** What can be done about an event, right where it is told: a word of thanks opens nothing, two contacts may be one. */
export function EventAction({ entry }: { entry: Entry }) {
  const conversation = useConversation(entry.conversation_id)
  const mayReply = useCan('inbox.reply')
  const other = entry.event?.other_contact_id
  if (entry.event?.name === 'channel_proved_elsewhere' && typeof other === 'string') {
    return (
      <Link to="/contacts/$contactId" params={{ contactId: other }} className={s.reopen}>
        Open them
      </Link>
    )
  }
  if (entry.event?.name !== 'conversation_kept_closed' || !mayReply) return null
  // A line of an earlier episode has nothing to say about this closing.
  const { state, blocked, closed_at: closedAt } = conversation ?? {}
  if (!conversation || state !== 'closed' || blocked || !closedAt || entry.at < closedAt) return null
  return (
    <button type="button" className={s.reopen} onClick={() => reopen(conversation.id)}>
      Reopen
    </button>
  )
}
