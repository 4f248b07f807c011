/** Ends the signed-in state of this tab and shows the sign-in page. */
import * as live from '../lib/live'
import { flushDrafts } from '../lib/drafts'

/** A full page load, so that nothing of one person stays in memory for the next. */
export function leave(reason: 'expired' | 'signed_out'): void {
  live.stop()
  flushDrafts()
  if (location.pathname === '/login') return
  const next = location.pathname + location.search
  const search = new URLSearchParams(reason === 'expired' ? { reason, next } : { reason })
  location.assign(`/login?${search}`)
}
