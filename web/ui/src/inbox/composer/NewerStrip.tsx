import { useEffect } from 'react'
import { plural } from '../../lib/format'
import { IconX } from '../../ui/icons'
import { quoteText } from '../thread/plainText'
import { useThread } from '../thread/threads'
import { acknowledge, noticed, useNewer } from './seen'
import s from './newer.module.css'

/** Says, above the text one writes, that others have written meanwhile. */
export function NewerStrip({ conversationId }: { conversationId: string }) {
  const newer = useNewer(conversationId, useThread(conversationId).entries)
  const last = newer.at(-1)
  useEffect(() => {
    if (last && document.visibilityState === 'visible') noticed(conversationId, last.number)
  }, [conversationId, last])
  if (!last) return null
  return (
    <div className={s.strip} role="status">
      <span>
        <b>{plural(newer.length, 'new message')} since you began to write.</b> {last.author?.name ?? 'Customer'}: {quoteText(last)}
      </span>
      <button type="button" aria-label="I have seen the new messages" onClick={() => acknowledge(conversationId)}>
        <IconX size={15} />
      </button>
    </div>
  )
}
