import { Cell } from '../lib/store'
import type { NewTicket } from '../lib/types'

interface Asked {
  from: Pick<NewTicket, 'conversation_id' | 'entry_id'>
  title?: string
  description?: string
}

/** A ticket is to be made of this; null while nobody asks for one. */
export const newTicket = new Cell<Asked | null>(null)
