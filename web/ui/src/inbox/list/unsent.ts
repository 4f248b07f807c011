/** The newest message that the server does not have yet, as a row shows it: one's own words stand there at once. */
import { useMemo } from 'react'
import type { Entry, EntrySummary } from '../../lib/types'
import { useUnsent } from '../outbox'
import { plainText } from '../thread/plainText'

export function useUnsentSummary(conversationId: string): EntrySummary | null {
  const newest = useUnsent(conversationId).at(-1)
  return useMemo(() => (newest ? summaryOf(newest) : null), [newest])
}

function summaryOf(entry: Entry): EntrySummary {
  const { content } = entry
  return {
    id: entry.id,
    number: entry.number,
    kind: entry.kind,
    direction: entry.direction,
    text: plainText(entry).replace(/\s+/g, ' '),
    content_type: content?.type === 'media' ? content.media.kind : (content?.type ?? null),
    channel: entry.channel,
    status: entry.status,
    author_name: entry.author.name,
    at: entry.at,
  }
}
