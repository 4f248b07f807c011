import { api } from '../../lib/api'
import type { ComposedTranslation } from '../../lib/types'

/** A text in a language (null: the customer's). Nothing is sent. Raises what the server says. */
export function translated(conversationId: string, text: string, into: string | null): Promise<ComposedTranslation> {
  return api.post<ComposedTranslation>(`/conversations/${conversationId}/translation`, { text, into })
}
