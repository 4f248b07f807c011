import { useState } from 'react'
import { languageName } from '../../lib/format'
import { useCell } from '../../lib/store'
import { toastError } from '../../lib/toast'
import type { Written } from '../../lib/types'
import { IconLanguage } from '../../ui/icons'
import { translated } from './compose'
import { offered } from './translation'
import { setWritten } from './written'
import s from './translating.module.css'

interface TranslatedStripProps {
  conversationId: string
  written: Written
  name: string
  onText: (text: string) => void
}

/** Above the text that the customer gets: in which language it is, what one wrote, and the way back to it. */
export default function TranslatedStrip({ conversationId, written, name, onText }: TranslatedStripProps) {
  const [busy, setBusy] = useState(false)
  const items = useCell(offered)?.items ?? []
  const known = items.some(({ code }) => code === written.language)

  async function into(language: string) {
    setBusy(true)
    try {
      const made = await translated(conversationId, written.text, language)
      setWritten(conversationId, { text: written.text, language })
      onText(made.text)
    } catch (error) {
      toastError('Not translated', error)
    }
    setBusy(false)
  }

  return (
    <div className={s.strip} role="group" aria-label="Translation">
      <IconLanguage size={15} aria-hidden />
      <label>
        {name} gets it in{' '}
        <select value={written.language} disabled={busy} aria-label="Language of the answer" onChange={(event) => void into(event.currentTarget.value)}>
          {!known && <option value={written.language}>{languageName(written.language)}</option>}
          {items.map(({ code }) => (
            <option key={code} value={code}>
              {languageName(code)}
            </option>
          ))}
        </select>
      </label>
      <span title={written.text}>
        <b>You wrote:</b> {written.text}
      </span>
      <button
        type="button"
        onClick={() => {
          setWritten(conversationId, null)
          onText(written.text)
        }}
      >
        Undo
      </button>
    </div>
  )
}
