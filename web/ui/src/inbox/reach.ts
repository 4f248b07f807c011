/** Whether a person can be answered on a channel right now, and if not, why. */
import { remaining } from '../lib/format.ts'
import type { Reach } from '../lib/types'

export type ReachState =
  | { kind: 'open'; leftMs: number | null }
  | { kind: 'window_closed' }
  | { kind: 'blocked'; reason: string }

const REASONS: Record<NonNullable<Reach['blocked']>, string> = {
  opted_out: 'Opted out of messages',
  account_disabled: 'This channel is switched off',
}

export function reachState(reach: Reach, now: number): ReachState {
  if (reach.blocked) return { kind: 'blocked', reason: reach.blocked_reason ?? REASONS[reach.blocked] }
  if (!reach.window_closes_at) return reach.window_open ? { kind: 'open', leftMs: null } : { kind: 'window_closed' }
  // By our clock as well: the window closes without an event from the server.
  const leftMs = Date.parse(reach.window_closes_at) - now
  return leftMs > 0 && reach.window_open ? { kind: 'open', leftMs } : { kind: 'window_closed' }
}

export function reachText(state: ReachState): string {
  switch (state.kind) {
    case 'open':
      return state.leftMs === null ? 'Ready' : `Window open for ${remaining(state.leftMs)}`
    case 'window_closed':
      return 'Window closed, templates only'
    case 'blocked':
      return state.reason
  }
}

/** One account can reach a person at several addresses. */
export function reachKey(reach: Reach): string {
  return `${reach.account_id}|${reach.address}`
}
