import { Suspense, lazy, memo, useEffect } from 'react'
import { useQuery } from '@tanstack/react-query'
import { api } from '../../lib/api'
import { useCell } from '../../lib/store'
import type { Conversation } from '../../lib/types'
import { ErrorState } from '../../ui/ErrorState'
import { markRead } from '../actions'
import { DoubtedThread } from '../../contacts/Doubted'
import { useSeen } from '../../notifications/notifications'
import { Composer } from '../composer/Composer'
import { conversationsChanged, getConversation, putConversation, useConversation } from '../conversations'
import { Waiting } from '../deferred/Waiting'
import { lightbox } from './lightboxState'
import { changing, filtering, rawEntry } from './menuState'
import { open } from '../selection'
import { loadTranslation } from '../translating/translation'
import { Messages } from './Messages'
import { ThreadHeader } from './ThreadHeader'
import { loadThread, markUnreadFrom, useThread } from './threads'
import s from './thread.module.css'

const Lightbox = lazy(() => import('./Lightbox'))
const EditDialog = lazy(() => import('./EditDialog'))
const ForwardDialog = lazy(() => import('./ForwardDialog'))
const FilteredThread = lazy(() => import('./FilteredThread'))
const RawPayload = lazy(() => import('./RawPayload'))

/** So long a conversation must be looked at to count as read: J runs past many. */
const READ_AFTER_MS = 400

interface ThreadPaneProps {
  conversationId: string
  panelOpen: boolean
  onTogglePanel: () => void
}

export const ThreadPane = memo(function ThreadPane({ conversationId, panelOpen, onTogglePanel }: ThreadPaneProps) {
  const conversation = useConversation(conversationId)
  const missing = useMissing(conversationId, conversation === undefined)
  useEffect(() => void loadThread(conversationId), [conversationId])
  useEffect(() => void loadTranslation(), [conversationId])
  useUnreadLine(conversationId)
  useMarkRead(conversationId, conversation)
  useSeen(conversation)
  const filtered = useCell(filtering)

  if (missing.error) {
    return (
      <section className={s.pane}>
        <ErrorState error={missing.error} onRetry={missing.retry} />
      </section>
    )
  }
  if (!conversation) return <section className={s.pane} aria-busy />
  return (
    <section className={s.pane} aria-label={`Conversation with ${conversation.contact.name}`}>
      <ThreadHeader conversation={conversation} panelOpen={panelOpen} onTogglePanel={onTogglePanel} />
      {conversation.reach.some((way) => way.doubted) && <DoubtedThread contactId={conversation.contact_id} />}
      {filtered === conversationId ? (
        <Suspense fallback={<div className={s.frame} aria-busy />}>
          <FilteredThread conversation={conversation} />
        </Suspense>
      ) : (
        <Messages conversationId={conversationId} contactName={conversation.contact.name} />
      )}
      {conversation.deferred > 0 && <Waiting conversation={conversation} />}
      <Composer conversation={conversation} />
      <Overlays />
    </section>
  )
})

/** Windows over the page, loaded when first needed. */
function Overlays() {
  const picture = useCell(lightbox)
  const raw = useCell(rawEntry)
  const change = useCell(changing)
  return (
    <Suspense fallback={null}>
      {picture && <Lightbox key={picture.url} url={picture.url} label={picture.label} />}
      {raw && <RawPayload entryId={raw.id} />}
      {change?.what === 'forward' && <ForwardDialog entry={change.entry} />}
      {change && change.what !== 'forward' && <EditDialog key={change.entry.id} what={change.what} entry={change.entry} />}
    </Suspense>
  )
}

/** A conversation reached by a link may not be in any list yet. */
function useMissing(id: string, enabled: boolean): { error: unknown; retry: () => void } {
  const { error, refetch } = useQuery({
    queryKey: ['conversation', id],
    queryFn: async () => {
      const found = await api.get<Conversation>(`/conversations/${id}`)
      putConversation(found)
      conversationsChanged()
      // An old link: it is a part of another conversation now.
      if (found.id !== id) open(found.id)
      return true
    },
    enabled,
  })
  return { error: enabled ? error : null, retry: () => void refetch() }
}

/** The line "New" is drawn where reading begins when the conversation is opened, and stays while it is open. */
function useUnreadLine(id: string): void {
  const ready = useThread(id).status === 'ready'
  useEffect(() => {
    if (!ready) return
    markUnreadFrom(id, getConversation(id)?.unread ?? 0)
    return () => markUnreadFrom(id, 0)
  }, [id, ready])
}

function useMarkRead(id: string, conversation: Conversation | undefined): void {
  const unread = conversation?.unread ?? 0
  const lastNumber = conversation?.last_number ?? 0
  useEffect(() => {
    if (unread === 0) return
    const read = () => document.visibilityState === 'visible' && markRead(id, lastNumber)
    const timer = setTimeout(read, READ_AFTER_MS)
    document.addEventListener('visibilitychange', read)
    return () => {
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', read)
    }
  }, [id, unread, lastNumber])
}
