/**
 * One list of conversations: a view with its filters, newest activity first.
 *
 * Pages come by cursor while one scrolls; what happens live moves single rows. Knows nothing of HTTP or React.
 */
import { Emitter } from '../../lib/store.ts'
import type { Channel, Conversation, Page, Priority, View } from '../../lib/types'

/** A view and what narrows it: any of the values of each, all of the filters. */
export interface Filter {
  view: View
  channels: Channel[]
  tags: string[]
  /** ids of members, `me`, `none` */
  assignees: string[]
  teams: string[]
  priorities: Priority[]
  unread: boolean
  since: string | null
  until: string | null
  q: string
}

export const EVERYTHING: Filter = {
  view: 'open',
  channels: [],
  tags: [],
  assignees: [],
  teams: [],
  priorities: [],
  unread: false,
  since: null,
  until: null,
  q: '',
}

/** Whether more than the view decides what is in the list. */
export function isNarrowed(filter: Filter): boolean {
  const { view: _view, ...rest } = filter
  const { view: _all, ...none } = EVERYTHING
  return JSON.stringify(rest) !== JSON.stringify(none)
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
  /** as they are shown: while the list is held, as they were when that began */
  ids: string[] = []
  /** how many rows would come in or move up if the list were not held */
  news = 0
  status: 'loading' | 'ready' | 'error' = 'loading'
  error: unknown = null
  /** changes with every change of the list */
  version = 0
  private readonly source: ListSource
  /** as they belong */
  private order: string[] = []
  private held = false
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
      const present = new Set(this.order)
      for (const row of page.items) {
        this.source.put(row)
        // Live changes may have moved a row between the two pages.
        if (present.has(row.id) || !this.matches(this.source.get(row.id) ?? row)) continue
        this.order.push(row.id)
        if (this.held) this.ids.push(row.id)
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

  /**
   * Bring one conversation to its place after a change; call `changed` once after a batch. True when the list differs.
   * What somebody does themselves (`own`) takes a row off a held list, too.
   */
  place(conversation: Conversation, own = false): boolean {
    if (!this.started) return false
    if (this.busy) this.late.add(conversation.id)
    if (this.status === 'loading') return false
    if (own && this.held && !this.matches(conversation)) this.ids = this.ids.filter((id) => id !== conversation.id)
    const { order } = this
    const at = order.indexOf(conversation.id)
    if (!this.matches(conversation)) {
      if (at >= 0) order.splice(at, 1)
      return at >= 0
    }
    // What a search finds only the server knows: rows of a search change, but none is added.
    if (at < 0 && this.filter.q) return false
    if (at >= 0) order.splice(at, 1)
    const to = this.position(conversation)
    if (to === order.length && this.cursor !== null) return at >= 0
    order.splice(to, 0, conversation.id)
    return true
  }

  /** Keep every row where it is: somebody is about to press one. */
  hold(): void {
    if (this.held) return
    this.held = true
    this.ids = [...this.order]
  }

  /** Everything to its place. */
  settle(): void {
    if (!this.held) return
    this.held = false
    const moved = this.ids.length !== this.order.length || this.ids.some((id, at) => id !== this.order[at])
    this.show()
    if (moved) this.changed()
  }

  /** Whether a row that is shown no longer belongs here. */
  isGone(id: string): boolean {
    return this.held && !this.order.includes(id)
  }

  /** Take out what is not to be seen any more, from a held list as well; call `changed` once after a batch. */
  remove(id: string): boolean {
    const before = this.ids.length + this.order.length
    this.ids = this.ids.filter((each) => each !== id)
    this.order = this.order.filter((each) => each !== id)
    return this.ids.length + this.order.length < before
  }

  changed(): void {
    if (this.held) this.news = movedUp(this.ids, this.order)
    this.version += 1
    this.emit()
  }

  private show(): void {
    this.ids = this.order
    this.news = 0
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
      this.order = [...new Set(ids)]
      if (!this.held) this.show()
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
    const me = this.source.memberId()
    const { channels, tags, assignees, teams, priorities, unread, since, until } = this.filter
    const { assignee_id: assignee, team_id: team, last_activity_at: at } = conversation
    return (
      isInView(conversation, this.filter.view, me, Date.now()) &&
      (channels.length === 0 || conversation.reach.some((reach) => channels.includes(reach.channel))) &&
      (tags.length === 0 || conversation.tags.some((tag) => tags.includes(tag))) &&
      (assignees.length === 0 || assignees.includes(assignee ?? 'none') || (assignee === me && assignees.includes('me'))) &&
      (teams.length === 0 || (team !== null && teams.includes(team))) &&
      (priorities.length === 0 || priorities.includes(conversation.priority)) &&
      (!unread || conversation.unread > 0) &&
      (since === null || Date.parse(at) >= Date.parse(since)) &&
      (until === null || Date.parse(at) <= Date.parse(until))
    )
  }

  /** Where it belongs in the order of the view. */
  private position(conversation: Conversation): number {
    let low = 0
    let high = this.order.length
    while (low < high) {
      const middle = (low + high) >> 1
      const other = this.source.get(this.order[middle] ?? '')
      if (other && isBefore(other, conversation, this.filter.view)) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** How many rows are new, or stand before one that they stood behind. */
function movedUp(shown: string[], order: string[]): number {
  const places = new Map(shown.map((id, at) => [id, at]))
  let count = 0
  let first = Number.POSITIVE_INFINITY
  // From below: a row that stood behind any of those that follow it now has overtaken them.
  for (const id of order.toReversed()) {
    const place = places.get(id)
    if (place === undefined || place > first) count += 1
    else first = place
  }
  return count
}

const CLOSING_MS = 4 * 3_600_000

/** What the server's words for views mean, for rows that change while they are shown. */
function isInView(conversation: Conversation, view: View, me: string | undefined, now: number): boolean {
  const { state, assignee_id: assignee } = conversation
  if (conversation.merged_into) return false
  const isOpen = state === 'open' || state === 'pending'
  switch (view) {
    case 'open':
      return isOpen
    case 'mine':
      return isOpen && assignee === me
    case 'unassigned':
      return isOpen && assignee === null
    case 'unread':
      return isOpen && conversation.unread > 0
    case 'mentions':
      return me !== undefined && (conversation.mentioned ?? []).includes(me)
    case 'snoozed':
    case 'closed':
      return state === view
    case 'closing': {
      const left = Date.parse(conversation.window_closes_at ?? '') - now
      return isOpen && left > 0 && left < CLOSING_MS
    }
    case 'breached':
      return isOpen && (conversation.sla?.breached.length ?? 0) > 0
    case 'waiting':
      return isOpen && conversation.waiting_since !== null
    default:
      return conversation.views.includes(view)
  }
}

/** Most lists begin with the newest activity; two with what is due first. Then by id. */
function isBefore(a: Conversation, b: Conversation, view: View): boolean {
  const key = view === 'closing' ? 'window_closes_at' : view === 'waiting' ? 'waiting_since' : 'last_activity_at'
  const [first, second] = [a[key] ?? '', b[key] ?? '']
  if (key === 'last_activity_at') return first !== second ? first > second : a.id > b.id
  return first !== second ? first < second : a.id < b.id
}
