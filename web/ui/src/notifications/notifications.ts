/** What I should know of: mentions, assignments, activity in what I follow. The server keeps the list. */
import { useInfiniteQuery, type InfiniteData } from '@tanstack/react-query'
import { useEffect } from 'react'
import { getConversation, patchConversation } from '../inbox/conversations'
import { active, open } from '../inbox/selection'
import { api, query } from '../lib/api'
import { announce } from '../lib/notify'
import { queryClient } from '../lib/query'
import { currentMe, useMe } from '../lib/session'
import { toastError } from '../lib/toast'
import type { Conversation, Notification, Notifications } from '../lib/types'
import { pathOf, sentenceOf, type News } from './words'

const KEY = ['notifications']
/** Seen means looked at for a moment: J runs past many. */
const SEEN_AFTER_MS = 400

export function useNotifications() {
  return useInfiniteQuery({
    queryKey: KEY,
    queryFn: ({ pageParam, signal }) => api.get<Notifications>(`/notifications${query({ cursor: pageParam, limit: 30 })}`, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })
}

/** An event: something new for somebody, or read elsewhere. */
export function notified(data: { member_id: string } & Partial<Notification>): void {
  if (data.member_id !== currentMe()?.member.id) return
  void queryClient.invalidateQueries({ queryKey: KEY })
  const { kind, conversation_id: id } = data
  if (!kind || !id || (id === active.get() && document.hasFocus())) return
  announce(sentenceOf(data), data.text ?? '', id, () => open(id))
}

/** Opens what it is about. */
export function goTo(news: News, navigate: (path: string) => void): void {
  if (news.id && !news.read_at) void markRead([news.id])
  // In the inbox the open conversation is a cell; the address follows it.
  if (!news.ticket_id && news.conversation_id && location.pathname.startsWith('/inbox')) open(news.conversation_id)
  else navigate(pathOf(news))
}

export async function markRead(ids: string[] | null): Promise<void> {
  const before = queryClient.getQueryData<InfiniteData<Notifications>>(KEY)
  const now = new Date().toISOString()
  queryClient.setQueryData<InfiniteData<Notifications>>(KEY, (known) => known && { ...known, pages: known.pages.map((page) => readIn(page, ids, now)) })
  try {
    await api.post('/notifications/read', { ids })
  } catch (error) {
    queryClient.setQueryData(KEY, before)
    toastError('Not marked as read', error)
  }
}

function readIn(page: Notifications, ids: string[] | null, now: string): Notifications {
  const items = page.items.map((item) => (item.read_at || (ids && !ids.includes(item.id)) ? item : { ...item, read_at: now }))
  return { ...page, items, unread: ids ? Math.max(0, page.unread - ids.length) : 0 }
}

/** What is open is seen: its news are news no more. */
export function useSeen(conversation: Conversation | undefined): void {
  const me = useMe().member.id
  const id = conversation?.id
  const news = conversation?.notified.includes(me) ?? false
  useEffect(() => {
    if (!id || !news) return
    const look = () => {
      if (document.visibilityState !== 'visible') return
      // Answered by an event that brings the conversation; a failure is tried again at the next look.
      api.post(`/conversations/${id}/seen`).then(
        () => void queryClient.invalidateQueries({ queryKey: KEY }),
        () => {},
      )
    }
    const timer = setTimeout(look, SEEN_AFTER_MS)
    document.addEventListener('visibilitychange', look)
    return () => {
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', look)
    }
  }, [id, news])
}

export async function follow(id: string, following: boolean): Promise<void> {
  const me = currentMe()?.member.id
  const known = getConversation(id)
  if (!me || !known) return
  const others = known.followers.filter((each) => each !== me)
  const undo = patchConversation(id, { followers: following ? [...others, me] : others })
  try {
    await api.post(`/conversations/${id}/follow`, { following })
  } catch (error) {
    undo()
    toastError(following ? 'Not followed' : 'Still followed', error)
  }
}
