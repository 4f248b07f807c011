import type { LiveEvent } from '../lib/live'
import { refreshCounts } from './counts'

export function applyInboxEvents(batch: LiveEvent[]): void {
  if (batch.some((event) => event.type === 'entry' || event.type === 'conversation')) refreshCounts()
}

export function reloadInbox(): void {
  refreshCounts()
}

export function retryUnsent(): void {}
