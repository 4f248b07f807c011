import { KINDS } from '../summary'
import type { Entry } from '../../lib/types'

/** The words of a message, for copying and quoting; empty when it has none. */
export function plainText({ content, deleted_at: deleted }: Pick<Entry, 'content' | 'deleted_at'>): string {
  if (!content || deleted) return ''
  switch (content.type) {
    case 'text':
    case 'buttons':
    case 'list':
    case 'link_button':
    case 'location_request':
    case 'contact_request':
      return content.text
    case 'media':
      return content.caption ?? content.media.name ?? ''
    case 'template':
      return content.preview?.body ?? content.name
    case 'choice':
      return content.title
    case 'location':
      return [content.name, content.address, `${content.latitude}, ${content.longitude}`].filter(Boolean).join('\n')
    case 'contacts':
      return content.contacts.map((contact) => [contact.name, ...(contact.phones ?? []), ...(contact.emails ?? [])].join('\n')).join('\n\n')
    default:
      return ''
  }
}

/** One line that stands for the message in a quote. */
export function quoteText(entry: Pick<Entry, 'content' | 'deleted_at'>): string {
  const text = plainText(entry)
  if (text) return text
  const { content } = entry
  return KINDS[content?.type === 'media' ? content.media.kind : (content?.type ?? '')] ?? 'Message'
}
