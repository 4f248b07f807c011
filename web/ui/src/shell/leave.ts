/** Ends the signed-in state of this tab and shows the sign-in page. */
import { api } from '../lib/api'
import { flushDrafts } from '../lib/drafts'
import * as live from '../lib/live'
import { setPush } from '../lib/notify'
import { tellSignedOut } from '../push/register'

let onPurpose = false

/** Sign out at the server, which also ends the socket: before or after its answer, either way it was on purpose. */
export async function signOut(): Promise<void> {
  onPurpose = true
  try {
    await api.post('/logout')
  } catch (error) {
    onPurpose = false
    throw error
  }
  leave()
}

/** A full page load, so that nothing of one person stays in memory for the next. */
export function leave(): void {
  live.stop()
  flushDrafts()
  tellSignedOut()
  setPush(false)
  if (location.pathname === '/login') return
  const next = location.pathname + location.search
  const search = new URLSearchParams(onPurpose ? { reason: 'signed_out' } : { reason: 'expired', next })
  location.assign(`/login?${search}`)
}
