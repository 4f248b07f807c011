/** How the last entry of a conversation reads in one line. */
import type { EntrySummary } from '../lib/types'

export const KINDS: Record<string, string> = {
  image: 'Photo',
  video: 'Video',
  audio: 'Audio',
  voice: 'Voice message',
  document: 'Document',
  sticker: 'Sticker',
  media: 'File',
  location: 'Location',
  contacts: 'Contact card',
  order: 'Order',
  form_reply: 'Form answer',
  unsupported: 'Unsupported message',
  location_request: 'Asked for a location',
  contact_request: 'Asked for a phone number',
}

/** Types whose text says enough without naming the type. */
const PLAIN = new Set(['text', 'buttons', 'list', 'link_button', 'template', 'choice', 'form_reply'])

export interface Preview {
  /** "You:" or a colleague's name */
  prefix: string
  /** what kind of thing it is, when it is more than text */
  kind: string | null
  text: string
}

export function previewOf(entry: EntrySummary | null, myName: string): Preview {
  if (!entry) return { prefix: '', kind: null, text: 'No messages yet' }
  if (entry.kind === 'note') return { prefix: 'Note:', kind: null, text: entry.text }
  const type = entry.content_type ?? 'text'
  const kind = PLAIN.has(type) ? null : (KINDS[type] ?? 'Message')
  // The server's line may already name the kind: "Image", "Order of 2 items".
  const named = kind !== null && (entry.text.startsWith(kind) || entry.text.toLowerCase() === type)
  const text = named ? entry.text.slice(entry.text.startsWith(kind) ? kind.length : type.length).trim() : entry.text
  return { prefix: entry.direction === 'out' ? authorPrefix(entry.author_name, myName) : '', kind, text }
}

function authorPrefix(author: string | null, myName: string): string {
  if (!author) return ''
  return author === myName ? 'You:' : `${author.split(' ')[0]}:`
}
