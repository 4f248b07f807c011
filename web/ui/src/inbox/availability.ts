/** How available colleagues are: what they chose, and whether one of their screens is in use. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { api } from '../lib/api'
import * as live from '../lib/live'
import { queryClient } from '../lib/query'
import { useCan, useMe } from '../lib/session'
import { toastError } from '../lib/toast'
import type { Agent, Availability, Page, Presence, RoutingSettings } from '../lib/types'
import { presenceOf, usePresence, usePresences } from './presence'

const IDLE_MS = 10 * 60_000
/** Whoever has not touched the screen for so long may have left it, and is pushed to elsewhere. */
const AT_WORK_MS = 3 * 60_000
const ACTIVITY = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const
const ATTENTION = ['focus', 'blur', 'visibilitychange'] as const

export const agentsQuery = queryOptions({
  queryKey: ['agents'],
  queryFn: () => api.get<Page<Agent>>('/agents').then((page) => page.items),
  // Schedules begin and end by the clock.
  refetchInterval: 5 * 60_000,
})

export const routingQuery = queryOptions({
  queryKey: ['agents', 'routing'],
  queryFn: () => api.get<RoutingSettings>('/routing'),
})

export const WORDS: Record<Availability, string> = { online: 'Online', busy: 'Busy', away: 'Away', offline: 'Offline' }

export function useAgents(): Agent[] {
  const { data } = useQuery({ ...agentsQuery, enabled: useCan('members.read') })
  return data ?? []
}

/** Of one member, as it stands now. */
export function useAvailability(memberId: string): Availability {
  const presence = usePresence(memberId)
  return combined(useAgents().find((agent) => agent.member_id === memberId), presence)
}

/** Of everybody: for lists that would otherwise ask for each. */
export function useAvailabilities(): (memberId: string) => Availability {
  usePresences()
  const agents = new Map(useAgents().map((agent) => [agent.member_id, agent]))
  return (memberId) => combined(agents.get(memberId), presenceOf(memberId))
}

/** The socket is newer than the list; of schedules only the server knows. */
function combined(agent: Agent | undefined, presence: Presence | undefined): Availability {
  if (!agent) return presence ?? 'offline'
  if (presence === undefined) return agent.availability
  if (presence === 'offline' || agent.chosen === 'offline') return 'offline'
  if (presence === 'away' || agent.chosen === 'away') return 'away'
  if (agent.calendar_id && agent.availability === 'away') return 'away'
  return agent.chosen
}

export function useMine(): Agent | undefined {
  const me = useMe().member
  return useAgents().find((agent) => agent.member_id === me.id)
}

export async function choose(status: Availability, reason = ''): Promise<void> {
  try {
    const agent = await api.put<Agent>('/me/availability', { status, reason })
    queryClient.setQueryData(agentsQuery.queryKey, (known) =>
      known?.map((each) => (each.member_id === agent.member_id ? agent : each)),
    )
  } catch (error) {
    toastError('Your availability was not changed', error)
  }
}

/** Tells the server when nobody has touched this screen for a while, and when somebody is back or works on it. */
export function watchIdle(): () => void {
  let idle = false
  let timer = window.setTimeout(leave, IDLE_MS)
  let working: number | undefined

  function look() {
    const here = document.hasFocus() && document.visibilityState === 'visible'
    clearTimeout(working)
    live.setActive(here)
    if (here) working = window.setTimeout(() => live.setActive(false), AT_WORK_MS)
  }

  function leave() {
    idle = true
    live.setPresence('away')
  }

  function seen() {
    clearTimeout(timer)
    timer = window.setTimeout(leave, IDLE_MS)
    look()
    if (!idle) return
    idle = false
    live.setPresence('online')
  }

  look()
  for (const kind of ACTIVITY) addEventListener(kind, seen, { passive: true, capture: true })
  for (const kind of ATTENTION) addEventListener(kind, look, { capture: true })
  return () => {
    clearTimeout(timer)
    clearTimeout(working)
    for (const kind of ATTENTION) removeEventListener(kind, look, { capture: true })
    for (const kind of ACTIVITY) removeEventListener(kind, seen, { capture: true })
  }
}
