/** Sign-up forms: reading them, and what a new one begins with. */
import { queryOptions } from '@tanstack/react-query'
import { api } from '../../lib/api'
import type { SignupForm, SignupSettings, SignupWords } from '../../lib/types'

export const formsQuery = queryOptions({
  queryKey: ['signup-forms'],
  queryFn: ({ signal }) => api.get<{ items: SignupForm[] }>('/signup-forms', signal).then((page) => page.items),
})

export const WORDS: Required<SignupWords> = {
  title: 'Offers first',
  intro: '',
  agree: 'Yes, you may send me offers as messages, at most 4 a month. I can end that at any time by answering STOP.',
  question: 'Reply YES to get our offers by text message. STOP ends them.',
  thanks: 'Thank you. You can end this at any time.',
}

export const FRESH: SignupSettings = { name: '', active: true, account_ids: [], language: 'en', words: { en: WORDS }, double: true }

export const LANGUAGES: Record<string, string> = { en: 'English', fr: 'French', es: 'Spanish', pt: 'Portuguese', de: 'German', it: 'Italian', ar: 'Arabic', sw: 'Swahili' }

export const languageName = (code: string): string => LANGUAGES[code] ?? code
