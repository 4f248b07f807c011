import { TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, query } from '../../lib/api'
import type { Conversation, Entry, Page } from '../../lib/types'
import { Dialog } from '../../settings/parts/Dialog'
import { Avatar } from '../../ui/Avatar'
import { ChannelIcon } from '../../ui/ChannelIcon'
import { ErrorState } from '../../ui/ErrorState'
import { Skeleton } from '../../ui/Skeleton'
import { IconSearch } from '../../ui/icons'
import { takeIntoComposer } from '../composer/composerState'
import { putConversation } from '../conversations'
import { open } from '../selection'
import { changing } from './menuState'
import s from './thread.module.css'

/** Puts the words and the file into another conversation's composer: they are looked at once more before they go. */
export default function ForwardDialog({ entry }: { entry: Entry }) {
  const [search, setSearch] = useState('')
  const { data, error, refetch } = useQuery({
    queryKey: ['forward', search],
    queryFn: ({ signal }) => api.get<Page<Conversation>>(`/conversations${query({ view: 'all', q: search.trim(), limit: 20 })}`, signal),
    placeholderData: (before) => before,
  })
  const close = () => changing.set(null)
  const found = data?.items.filter((each) => each.id !== entry.conversation_id)

  function forward(conversation: Conversation) {
    close()
    putConversation(conversation)
    takeIntoComposer(conversation.id, [{ ...entry, reply_to: null, account_id: null, client_id: null, kind: 'message' }])
    open(conversation.id)
  }

  return (
    <Dialog onClose={close} title="Forward to" size={460}>
      <div className={s.forward}>
        <TextInput
          aria-label="Search conversations"
          placeholder="Name or number"
          leftSection={<IconSearch size={15} />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          data-autofocus
        />
        {error ? (
          <ErrorState error={error} onRetry={() => void refetch()} />
        ) : !found ? (
          <Skeleton height={200} />
        ) : (
          <ul aria-label="Conversations">
            {found.map((conversation) => (
              <li key={conversation.id}>
                <button type="button" onClick={() => forward(conversation)}>
                  <Avatar name={conversation.contact.name} hue={conversation.contact.avatar_hue} size={28} />
                  <b>{conversation.contact.name}</b>
                  {conversation.reach[0] && <ChannelIcon channel={conversation.reach[0].channel} size={15} />}
                </button>
              </li>
            ))}
            {found.length === 0 && <li>Nobody else fits.</li>}
          </ul>
        )}
      </div>
    </Dialog>
  )
}
