/**
 * One list of conversations: a view with its filters, newest activity first.
 *
 * Pages come by cursor while one scrolls; what happens live moves single rows. Knows nothing of HTTP or React.
 */
import { Emitter } from '../../lib/store.ts'
import type { Channel, Conversation, Page, View } from '../../lib/types'

export interface Filter {
  view: View
  channel: Channel | null
  q: string
}

export interface ListSource {
  fetch(filter: Filter, cursor: string | null): Promise<Page<Conversation>>
  /** store the row; false when a newer one is already known */
  put(conversation: Conversation): boolean
  get(id: string): Conversation | undefined
  memberId(): string | undefined
}

/** After a lost connection this many rows are read again at once; the rest follows on scrolling. */
const REREAD_ROWS = 300

export class ConversationListStore extends Emitter {
  readonly filter: Filter
  ids: string[] = []
  status: 'loading' | 'ready' | 'error' = 'loading'
  error: unknown = null
  /** changes with every change of the list */
  version = 0
  private readonly source: ListSource
  private cursor: string | null = null
  private busy = false
  private started = false
  /** somebody asked to read again while something was being read */
  private stale = false
  /** placed since the running request went out: its answer may be older than these */
  private readonly late = new Set<string>()

  constructor(filter: Filter, source: ListSource) {
    super()
    this.filter = filter
    this.source = source
  }

  get hasMore(): boolean {
    return this.cursor !== null
  }

  snapshot = (): number => this.version

  /** Read the first page, unless it was read already. */
  async start(): Promise<void> {
    if (this.started) return
    this.started = true
    await this.read(0)
  }

  /** Read again what is shown, without emptying it first. */
  async refresh(): Promise<void> {
    if (!this.started) return
    if (this.busy) {
      this.stale = true
      return
    }
    await this.read(Math.min(this.ids.length, REREAD_ROWS))
  }

  async more(): Promise<void> {
    if (this.busy || this.cursor === null || this.status === 'error') return
    this.busy = true
    try {
      const page = await this.source.fetch(this.filter, this.cursor)
      this.cursor = page.next_cursor
      const present = new Set(this.ids)
      for (const row of page.items) {
        this.source.put(row)
        // Live changes may have moved a row between the two pages.
        if (!present.has(row.id) && this.matches(this.source.get(row.id) ?? row)) this.ids.push(row.id)
      }
    } catch (error) {
      this.fail(error)
      return
    } finally {
      this.finished()
    }
    this.changed()
  }

  async retry(): Promise<void> {
    this.status = 'loading'
    this.changed()
    await this.read(0)
  }

  /** Bring one conversation to its place after a change; call `changed` once after a batch. True when the list differs. */
  place(conversation: Conversation): boolean {
    if (!this.started) return false
    if (this.busy) this.late.add(conversation.id)
    if (this.status === 'loading') return false
    const at = this.ids.indexOf(conversation.id)
    if (!this.matches(conversation)) {
      if (at >= 0) this.ids.splice(at, 1)
      return at >= 0
    }
    // What a search finds only the server knows: rows of a search change, but none is added.
    if (at < 0 && this.filter.q) return false
    if (at >= 0) this.ids.splice(at, 1)
    const to = this.position(conversation)
    if (to === this.ids.length && this.cursor !== null) return at >= 0
    this.ids.splice(to, 0, conversation.id)
    return true
  }

  changed(): void {
    this.version += 1
    this.emit()
  }

  private async read(atLeast: number): Promise<void> {
    this.busy = true
    try {
      const ids: string[] = []
      let cursor: string | null = null
      do {
        const page: Page<Conversation> = await this.source.fetch(this.filter, cursor)
        for (const row of page.items) {
          this.source.put(row)
          ids.push(row.id)
        }
        cursor = page.next_cursor
      } while (cursor !== null && ids.length < atLeast)
      this.ids = [...new Set(ids)]
      this.cursor = cursor
      this.status = 'ready'
      this.error = null
      for (const id of [...this.late]) {
        const row = this.source.get(id)
        if (row) this.place(row)
      }
    } catch (error) {
      // What is on screen is worth more than an error in its place.
      if (this.ids.length === 0) {
        this.fail(error)
        return
      }
    } finally {
      this.finished()
    }
    this.changed()
  }

  private finished(): void {
    this.busy = false
    this.late.clear()
    if (!this.stale) return
    this.stale = false
    void this.refresh()
  }

  private fail(error: unknown): void {
    this.error = error
    if (this.ids.length === 0) this.status = 'error'
    this.changed()
  }

  private matches(conversation: Conversation): boolean {
    const { state } = conversation
    const { view, channel } = this.filter
    const shelf = state === 'closed' || state === 'snoozed' ? state : null
    if (shelf !== (view === 'closed' || view === 'snoozed' ? view : null)) return false
    if (view === 'mine' && conversation.assignee_id !== this.source.memberId()) return false
    if (view === 'unassigned' && conversation.assignee_id !== null) return false
    return channel === null || conversation.reach.some((reach) => reach.channel === channel)
  }

  /** Where it belongs: by activity, newest first, then by id. */
  private position(conversation: Conversation): number {
    let low = 0
    let high = this.ids.length
    while (low < high) {
      const middle = (low + high) >> 1
      const other = this.source.get(this.ids[middle] ?? '')
      if (other && isBefore(other, conversation)) low = middle + 1
      else high = middle
    }
    return low
  }
}

function isBefore(a: Conversation, b: Conversation): boolean {
  if (a.last_activity_at !== b.last_activity_at) return a.last_activity_at > b.last_activity_at
  return a.id > b.id
}
