import { useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { updateComposer } from '../inbox/composer/composerState'
import { open } from '../inbox/selection'
import { useNow } from '../inbox/useNow'
import { ago, fullTime } from '../lib/format'
import { queryClient } from '../lib/query'
import type { SharedDraft } from '../lib/types'
import n from '../notifications/notifications.module.css'
import { EmptyState } from '../ui/EmptyState'
import { IconMessage2, IconNote, IconPencil } from '../ui/icons'

/** What I have begun to write, wherever that was. */
export default function DraftList({ drafts, onClose }: { drafts: SharedDraft[]; onClose: () => void }) {
  const navigate = useNavigate()
  const now = useNow()
  // Texts change without being told of.
  useEffect(() => void queryClient.invalidateQueries({ queryKey: ['drafts', 'mine'] }), [])

  function go(draft: SharedDraft) {
    onClose()
    updateComposer(draft.conversation_id, { mode: draft.mode })
    if (location.pathname.startsWith('/inbox')) open(draft.conversation_id)
    else void navigate({ to: '/inbox/$conversationId', params: { conversationId: draft.conversation_id } })
  }

  return (
    <section className={n.panel} aria-label="Drafts">
      <header>
        <h2>Drafts</h2>
      </header>
      {drafts.length === 0 ? (
        <EmptyState icon={IconPencil} title="No drafts" text="What you begin to write is kept here, on every device, until it is sent." />
      ) : (
        <ul className={n.items} tabIndex={-1}>
          {drafts.map((draft) => (
            <li key={draft.id}>
              <button type="button" className={n.item} onClick={() => go(draft)}>
                {draft.mode === 'note' ? <IconNote size={17} aria-label="Note" /> : <IconMessage2 size={17} aria-label="Reply" />}
                <span className={n.words}>
                  <b>{draft.contact_name}</b>
                  <span dir="auto">{draft.text}</span>
                  <time dateTime={draft.at} title={fullTime(draft.at)}>
                    {ago(draft.at, Math.max(now, Date.now()))}
                  </time>
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
