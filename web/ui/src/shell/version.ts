/** Notices that the server runs another version than this tab; the person decides when to reload. */
import { api } from '../lib/api'
import { currentMe } from '../lib/session'
import { Cell } from '../lib/store'
import type { Me } from '../lib/types'

export const outdated = new Cell(false)

export function watchVersion(): void {
  // A part of the page that is loaded on demand is gone after an update.
  addEventListener('vite:preloadError', () => outdated.set(true))
}

/** After a reconnect, which is when the server may have been replaced. */
export async function checkVersion(): Promise<void> {
  const known = currentMe()?.version
  if (!known) return
  try {
    const { version } = await api.get<Me>('/me')
    if (version !== known) outdated.set(true)
  } catch {
    // No answer says nothing about the version; the next reconnect asks again.
  }
}
