/** What people agreed to: how the facts and states are worded, and where they are asked for. */
import { queryOptions } from '@tanstack/react-query'
import { api } from '../lib/api'
import { queryClient } from '../lib/query'
import type { ConsentFact, ConsentPage, ConsentState, RecordConsent } from '../lib/types'
import type { Tone } from '../ui/Badge'

export const PURPOSES = ['service', 'transactional', 'marketing'] as const

export const STATES: Record<Exclude<ConsentState, 'unknown'>, { tone: Tone; word: string }> = {
  granted: { tone: 'ok', word: 'yes' },
  withdrawn: { tone: 'danger', word: 'withdrawn' },
  blocked: { tone: 'danger', word: 'blocked' },
  held: { tone: 'warn', word: 'on hold' },
  asked: { tone: 'neutral', word: 'to be confirmed' },
  expired: { tone: 'warn', word: 'expired' },
}

export const SAID: Record<ConsentFact['state'], { tone: Tone; word: string }> = {
  granted: { tone: 'ok', word: 'agreed' },
  withdrawn: { tone: 'danger', word: 'stopped' },
  lifted: { tone: 'neutral', word: 'took the stop back' },
  blocked: { tone: 'danger', word: 'blocked us' },
  unblocked: { tone: 'neutral', word: 'unblocked us' },
  held: { tone: 'warn', word: 'perhaps stopped' },
  released: { tone: 'neutral', word: 'was no stop' },
  asked: { tone: 'neutral', word: 'asked to confirm' },
  paused: { tone: 'warn', word: 'wants a pause' },
  paced: { tone: 'neutral', word: 'said how often' },
  voided: { tone: 'neutral', word: 'taken back' },
}

const SOURCES: Record<string, string> = {
  keyword: 'by a word of theirs',
  stop_everywhere: 'by a word of theirs, for every channel',
  free_words: 'in their own words',
  provider_stop: 'told by the provider',
  provider_start: 'told by the provider',
  provider_resume: 'told by the provider',
  provider_signup: 'told by the provider',
  provider_refusal: 'learned from a refused message',
  block: 'told by the provider',
  unblock: 'told by the provider',
  merge: 'as at another handle of theirs',
  number_change: 'came along with a new number',
  double_opt_in: 'by answering our question',
  preferences: 'on the preference page',
  form: 'on a sign-up form',
  form_word: 'by the word of a sign-up form',
  paper: 'on paper',
  phone: 'on the phone',
  in_person: 'in person',
  email: 'by e-mail',
  web_form: 'on a form',
  contract: 'by contract',
  other: 'told a colleague',
}

export const sourceText = (source: string): string => SOURCES[source] ?? `by ${source.replaceAll('_', ' ')}`

export const WAYS = ['paper', 'phone', 'in_person', 'email', 'web_form', 'contract', 'other'] as const

export function consentsQuery(contactId: string) {
  return queryOptions({
    queryKey: ['contact', contactId, 'consents'],
    queryFn: ({ signal }) => api.get<ConsentPage>(`/contacts/${contactId}/consents?limit=200`, signal),
  })
}

export async function recordConsent(contactId: string, said: RecordConsent): Promise<void> {
  await api.post(`/contacts/${contactId}/consents`, said)
  await queryClient.invalidateQueries({ queryKey: ['contact', contactId] })
}
