import { useState } from 'react'
import { messageOf } from '../../lib/api'
import { languageName } from '../../lib/format'
import { useCan } from '../../lib/session'
import type { Entry } from '../../lib/types'
import { IconLanguage } from '../../ui/icons'
import { getConversation } from '../conversations'
import { guess } from './guess'
import { originals, ownLanguage, sameLanguage, translate, translationOf, useConnected, useShownOriginal, wordsOf } from './translation'
import s from './translating.module.css'

/** Below a message of a customer: what was made of it and the way back to the original, or the offer to translate it. */
export default function TranslationFoot({ entry }: { entry: Entry }) {
  const mayReply = useCan('inbox.reply')
  const connected = useConnected()
  const original = useShownOriginal(entry.id)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const made = translationOf(entry)
  const own = ownLanguage()

  async function run() {
    setBusy(true)
    setProblem('')
    try {
      await translate(entry)
    } catch (error) {
      setProblem(messageOf(error))
    }
    setBusy(false)
  }

  if (made) {
    return (
      <p className={s.foot}>
        <IconLanguage size={13} aria-hidden />
        {original ? 'The original' : made.source ? `Translated from ${languageName(made.source)}` : 'Translated'}
        <button type="button" onClick={() => originals.update((shown) => toggled(shown, entry.id))}>
          {original ? 'Show translation' : 'Show original'}
        </button>
      </p>
    )
  }
  if (!connected || !mayReply || !isForeign(entry, own)) return null
  return (
    <p className={s.foot}>
      <button type="button" disabled={busy} onClick={() => void run()}>
        <IconLanguage size={13} aria-hidden />
        {busy ? 'Translating…' : 'Translate'}
      </button>
      <span role="alert">{problem}</span>
    </p>
  )
}

function toggled(set: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(set)
  if (!next.delete(id)) next.add(id)
  return next
}

/** By its words; where these do not tell, by what its writer was heard in. */
function isForeign(entry: Entry, own: string): boolean {
  if (Object.keys(entry.translations).some((into) => sameLanguage(into, own))) return false
  const words = wordsOf(entry)
  if (!/\p{L}{2}/u.test(words)) return false
  const guessed = guess(words)
  if (guessed.length > 0) return !guessed.some((code) => sameLanguage(code, own))
  const spoken = getConversation(entry.conversation_id ?? '')?.spoken
  return spoken !== null && spoken !== undefined && !sameLanguage(spoken, own)
}
