import { useSyncExternalStore } from 'react'
import { Cell } from '../lib/store'

const EVERY_MS = 30_000

/** One clock for all relative times and countdowns; it ticks twice a minute. */
const now = new Cell(Date.now())
setInterval(() => now.set(Date.now()), EVERY_MS)

export function useNow(): number {
  return useSyncExternalStore(now.subscribe, now.get)
}
