/** A provider's figures in words. */
import { count } from '../../lib/format'
import type { Account, AccountHealth } from '../../lib/types'
import type { Tone } from '../../ui/Badge'

export interface State {
  word: string
  tone: Tone
}

const STATES: Record<AccountHealth['state'], State> = {
  ok: { word: 'Working', tone: 'ok' },
  warning: { word: 'Needs a look', tone: 'warn' },
  error: { word: 'Not working', tone: 'danger' },
  new: { word: 'Waiting for a message', tone: 'accent' },
}

export function stateOf({ enabled, health }: Account): State {
  return enabled ? STATES[health.state] : { word: 'Switched off', tone: 'neutral' }
}

const QUALITIES: Record<string, string> = { GREEN: 'High', YELLOW: 'Medium', RED: 'Low', UNKNOWN: 'Not rated yet' }

export function qualityWord(quality: string): string {
  return QUALITIES[quality.toUpperCase()] ?? sentence(quality)
}

export function qualityTone(quality: string): Tone {
  const tones: Record<string, Tone> = { GREEN: 'ok', HIGH: 'ok', YELLOW: 'warn', MEDIUM: 'warn', RED: 'danger', LOW: 'danger' }
  return tones[quality.toUpperCase()] ?? 'neutral'
}

/** `TIER_2K` → "2,000 people a day"; what is not known is shown as it is. */
export function limitsWords(limits: string): string {
  return limits
    .split(', ')
    .map((part) => {
      if (part === 'TIER_UNLIMITED') return 'No daily limit'
      const tier = /^TIER_(\d+)(K|M)?$/.exec(part)
      if (!tier) return sentence(part)
      const factor = tier[2] === 'M' ? 1_000_000 : tier[2] === 'K' ? 1_000 : 1
      return `${count(Number(tier[1]) * factor)} people a day`
    })
    .join(', ')
}

/** `IN_APPEAL` → "In appeal" */
export function sentence(code: string): string {
  const words = code.replaceAll('_', ' ').toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
