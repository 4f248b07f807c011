import { ActionIcon, Tooltip } from '@mantine/core'
import { useState } from 'react'
import { readDraft } from '../../lib/drafts'
import { languageName } from '../../lib/format'
import { useShortcut } from '../../lib/keys'
import { toast, toastError } from '../../lib/toast'
import { IconLanguage } from '../../ui/icons'
import { translated } from './compose'
import { ownLanguage, sameLanguage } from './translation'
import { setWritten, useWritten } from './written'

interface TranslateToolProps {
  conversationId: string
  text: string
  /** the customer's language as their profile says, and as they were heard */
  known: string | null
  spoken: string | null
  onText: (text: string) => void
}

/** In the composer: what one wrote, in the customer's language, to look at and change before it is sent. */
export default function TranslateTool({ conversationId, text, known, spoken, onText }: TranslateToolProps) {
  const [busy, setBusy] = useState(false)
  const written = useWritten(conversationId)
  // An app set to my language says less than what they wrote.
  const into = known && !(spoken && sameLanguage(known, ownLanguage())) ? known : spoken
  const label = `Translate to ${into ? languageName(into) : 'the customer’s language'}`
  const can = text.trim() !== '' && !written && !busy

  async function run() {
    if (!can) return
    setBusy(true)
    try {
      const made = await translated(conversationId, text, into)
      if (readDraft(conversationId, 'reply') !== text) toast('You went on writing; translate it again.')
      else if (made.text === text) toast(`This is in ${languageName(made.into)} already.`)
      else {
        setWritten(conversationId, { text, language: made.into })
        onText(made.text)
      }
    } catch (error) {
      toastError('Not translated', error)
    }
    setBusy(false)
  }

  useShortcut('mod+shift+l', label, 'Reply', () => void run(), !written)
  return (
    <Tooltip label={`${label} (Ctrl Shift L)`}>
      <ActionIcon aria-label={label} disabled={!can && !busy} loading={busy} onClick={() => void run()}>
        <IconLanguage size={18} stroke={1.7} />
      </ActionIcon>
    </Tooltip>
  )
}
