/**
 * Splits what the composer holds into messages: files first, the text as caption of the first that can carry one, or by
 * itself where it is too long for that.
 */
import type { Capabilities, Content, Media, MediaKind, OutgoingContent, StoredFile } from '../../lib/types'

export interface Outgoing {
  content: OutgoingContent
  /** the same as the thread draws it until the server answers */
  shown: Content
}

const WITH_CAPTION: MediaKind[] = ['image', 'video', 'document']

export function outgoing(
  text: string,
  files: { kind: MediaKind; stored: StoredFile | null }[],
  { max_caption_chars: most }: Pick<Capabilities, 'max_caption_chars'>,
): Outgoing[] {
  const messages: Outgoing[] = []
  let caption: string | null = text || null
  for (const { kind, stored } of files) {
    if (!stored) continue
    const own = WITH_CAPTION.includes(kind) && text.length <= most ? caption : null
    if (own) caption = null
    messages.push({
      content: { type: 'media', media: { file_id: stored.file_id, kind, name: stored.name }, caption: own },
      shown: { type: 'media', media: mediaOf(stored, kind), caption: own },
    })
  }
  if (caption) messages.push({ content: { type: 'text', text: caption }, shown: { type: 'text', text: caption } })
  return messages
}

function mediaOf(stored: StoredFile, kind: MediaKind): Media {
  return {
    kind,
    state: 'ready',
    error: null,
    file_id: stored.file_id,
    url: stored.url,
    thumb_url: stored.thumb_url,
    name: stored.name,
    mime: stored.mime,
    bytes: stored.bytes,
    width: stored.width,
    height: stored.height,
    duration_seconds: null,
  }
}
