/** Who else is here: colleagues' presence, what they look at, and who is typing. Nothing of it is stored. */
import { useQuery } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { api } from '../lib/api'
import { queryClient } from '../lib/query'
import { useCan, useMe } from '../lib/session'
import { Emitter } from '../lib/store'
import type { Look, Member, Page, Presence, PresenceEvent, TypingEvent, ViewingEvent } from '../lib/types'

/** A typing sign that is not renewed ends by itself: the message that it stops may never come. */
const TYPING_MS = 7_000

export interface Typist {
  by: string
  name: string
  text: string | null
}

const NOBODY: Typist[] = []
const NO_VIEWERS: string[] = []

const presences = new Map<string, Presence>()
/** screens of colleagues, by the screen */
let looks = new Map<string, Look>()
const typing = new Map<string, Typist[]>()
const timers = new Map<string, number>()
let viewers = new Map<string, string[]>()
const changes = new Emitter()

export function applyPresence({ data }: PresenceEvent): void {
  presences.set(data.member_id, data.presence)
  changes.emit()
}

export function applyViewing(event: ViewingEvent): void {
  if (event.type === 'viewers') looks = new Map(event.data.map((look) => [look.screen, look]))
  else if (event.data.conversation_id) looks.set(event.data.screen, event.data)
  else looks.delete(event.data.screen)
  const before = viewers
  viewers = new Map()
  for (const { member_id: member, conversation_id: conversation } of looks.values()) {
    const others = viewers.get(conversation ?? '') ?? []
    if (conversation && !others.includes(member)) viewers.set(conversation, [...others, member])
  }
  // The same list stays the same value, so that only rows redraw whose viewers changed.
  for (const [conversation, members] of viewers) {
    const known = before.get(conversation)
    if (known?.join() === members.join()) viewers.set(conversation, known)
  }
  changes.emit()
}

export function applyTyping({ data }: TypingEvent): void {
  const { conversation_id: id, by } = data
  const key = `${id}|${by}`
  clearTimeout(timers.get(key))
  const others = (typing.get(id) ?? NOBODY).filter((typist) => typist.by !== by)
  if (data.on) {
    typing.set(id, [...others, { by, name: data.name, text: data.text ?? null }])
    timers.set(key, window.setTimeout(() => stopTyping(id, by), TYPING_MS))
    changes.emit()
  } else {
    stopTyping(id, by)
  }
}

/** Whoever sent something has stopped typing it. */
export function stopTyping(id: string, by: string): void {
  const left = (typing.get(id) ?? NOBODY).filter((typist) => typist.by !== by)
  if (left.length > 0) typing.set(id, left)
  else if (!typing.delete(id)) return
  changes.emit()
}

export function useTyping(conversationId: string): Typist[] {
  return useSyncExternalStore(changes.subscribe, () => typing.get(conversationId) ?? NOBODY)
}

/** The customer is typing. */
export function useContactTyping(conversationId: string): boolean {
  return useSyncExternalStore(
    changes.subscribe,
    () => typing.get(conversationId)?.some((typist) => typist.by === 'contact') ?? false,
  )
}

/** Name of a colleague who is writing an answer there. */
export function useWritingColleague(conversationId: string): string | undefined {
  const me = useMe().member.id
  return useTyping(conversationId).find((typist) => typist.by !== 'contact' && typist.by !== me)?.name
}

/** Ids of the colleagues who have the conversation open. */
export function useViewers(conversationId: string): string[] {
  return useSyncExternalStore(changes.subscribe, () => viewers.get(conversationId) ?? NO_VIEWERS)
}

export function usePresence(memberId: string): Presence | undefined {
  return useSyncExternalStore(changes.subscribe, () => presences.get(memberId))
}

export function presenceOf(memberId: string): Presence | undefined {
  return presences.get(memberId)
}

/** Draws again whenever anybody comes or goes. */
export function usePresences(): void {
  useSyncExternalStore(changes.subscribe, () => `${presences.size} ${[...presences.values()].join()}`)
}

/** A colleague's name, where members have been read already. */
export function memberName(id: string): string | undefined {
  return queryClient.getQueryData<Page<Member>>(['members'])?.items.find((member) => member.id === id)?.name
}

export function useMembers(): Member[] {
  const me = useMe()
  const allowed = useCan('members.read')
  const { data } = useQuery({ queryKey: ['members'], queryFn: () => api.get<Page<Member>>('/members'), enabled: allowed })
  return data?.items ?? [me.member]
}
