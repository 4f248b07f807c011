import { Button } from '@mantine/core'
import { useState } from 'react'
import { ago } from '../lib/format'
import type { DraftMode } from '../lib/drafts'
import { useMe } from '../lib/session'
import { toastError } from '../lib/toast'
import { IconPencil } from '../ui/icons'
import { focusComposer } from '../inbox/composer/composerState'
import { useNow } from '../inbox/useNow'
import { takeOver, useSharedDrafts } from './sharedDrafts'
import s from './drafts.module.css'

/** Over the text box: what colleagues have begun to write here. */
export function ColleagueDrafts({ conversationId, mode }: { conversationId: string; mode: DraftMode }) {
  const me = useMe().member.id
  const now = useNow()
  const [busy, setBusy] = useState(false)
  const drafts = useSharedDrafts(conversationId).filter((draft) => draft.member_id !== me && draft.mode === mode)

  async function take(draft: (typeof drafts)[number]) {
    setBusy(true)
    try {
      await takeOver(draft)
      focusComposer()
    } catch (error) {
      toastError('The draft was not taken over', error)
    }
    setBusy(false)
  }

  return drafts.map((draft) => (
    <div key={draft.id} className={s.colleague}>
      <IconPencil size={15} aria-hidden />
      <span>
        <b>{draft.member_name} has a draft</b> <small>{ago(draft.at, Math.max(now, Date.now()))}</small>
        <span dir="auto" title={draft.text}>
          {draft.text}
        </span>
      </span>
      <Button variant="default" size="compact-xs" disabled={busy} onClick={() => void take(draft)}>
        Take over
      </Button>
    </div>
  ))
}
