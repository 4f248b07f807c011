import { Cell } from '../../lib/store'
import type { Entry } from '../../lib/types'

/** The entry whose menu is open. One menu for the whole thread: fifty closed ones would cost more than all bubbles. */
export const openMenu = new Cell<string | null>(null)

/** The conversation of whose thread only a part is shown. */
export const filtering = new Cell<string | null>(null)

/** The entry whose raw payload is shown. */
export const rawEntry = new Cell<Entry | null>(null)

/** What is being done to an entry in a window of its own. */
export const changing = new Cell<{ what: 'edit' | 'delete' | 'forward'; entry: Entry } | null>(null)
