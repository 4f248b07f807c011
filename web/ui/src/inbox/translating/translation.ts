/** What every bubble and the composer know of translating; what is drawn of it is loaded when there is something to draw. */
import { useSyncExternalStore } from 'react'
import { api } from '../../lib/api'
import { currentMe } from '../../lib/session'
import { Cell } from '../../lib/store'
import { applyEntries } from '../thread/threads'
import type { Entry, Translation, TranslationLanguages } from '../../lib/types'

/** null: not asked for yet. */
export const offered = new Cell<TranslationLanguages | null>(null)

/** Entries that are shown as they were written although there is a translation. */
export const originals = new Cell<ReadonlySet<string>>(new Set())

let asking = false

/** Asked once, when a conversation is first opened; without an answer nothing is offered, and the next asks again. */
export async function loadTranslation(again = false): Promise<void> {
  if (asking || (offered.get() && !again)) return
  asking = true
  try {
    offered.set(await api.get<TranslationLanguages>('/translation/languages'))
  } catch {
    // Translating is extra: the conversation does without.
  } finally {
    asking = false
  }
}

/** For all colleagues, into my language. Raises what the server says. */
export async function translate(entry: Entry): Promise<void> {
  const changed = await api.post<Entry>(`/entries/${entry.id}/translation`, { into: ownLanguage() })
  if (entry.conversation_id) applyEntries(entry.conversation_id, [changed])
}

const baseOf = (code: string): string => code.toLowerCase().split(/[-_]/)[0] ?? ''

export const sameLanguage = (one: string | null | undefined, other: string): boolean => !!one && baseOf(one) === baseOf(other)

/** The language that I read: what I have chosen, else the browser's. */
export function ownLanguage(): string {
  return currentMe()?.member.preferences?.language || baseOf(navigator.language)
}

/** What a translation service has made of it for me; null where there is none, or where it is in my language already. */
export function translationOf({ translations }: Entry): Translation | null {
  const codes = Object.keys(translations)
  if (codes.length === 0) return null
  const own = ownLanguage()
  const into = own in translations ? own : codes.find((code) => sameLanguage(code, own))
  const made = into === undefined ? undefined : translations[into]
  return made && !sameLanguage(made.source, own) ? made : null
}

export const useShownOriginal = (entryId: string): boolean => useSyncExternalStore(originals.subscribe, () => originals.get().has(entryId))

export const useConnected = (): boolean => useSyncExternalStore(offered.subscribe, () => offered.get()?.connected ?? false)

/** The words of a message that can be translated, as the server sees it. */
export function wordsOf({ kind, content, deleted_at: deleted }: Entry): string {
  if (kind !== 'message' || deleted || !content) return ''
  switch (content.type) {
    case 'text':
      return content.text
    case 'media':
      return content.caption ?? ''
    case 'choice':
      return content.title
    default:
      return ''
  }
}

/** The entry as it reads with these words in place of its own. */
export function withWords(entry: Entry, words: string): Entry {
  const { content } = entry
  if (content?.type === 'text') return { ...entry, content: { ...content, text: words } }
  if (content?.type === 'media') return { ...entry, content: { ...content, caption: words } }
  if (content?.type === 'choice') return { ...entry, content: { ...content, title: words } }
  return entry
}
