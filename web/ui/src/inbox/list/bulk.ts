/** Bulk actions under way: begun here, followed by the socket, undone from the toast. */
import { api } from '../../lib/api'
import { queryClient } from '../../lib/query'
import { currentMe } from '../../lib/session'
import { plural } from '../../lib/format'
import { Cell } from '../../lib/store'
import { toast, toastError } from '../../lib/toast'
import { done } from '../../lib/undo'
import type { BulkAction, BulkOut } from '../../lib/types'
import { filter, refreshLists } from './lists'
import { clearSelected, selected } from './selected'

export type Running = Pick<BulkOut, 'id' | 'about' | 'state' | 'total' | 'done' | 'same' | 'failed' | 'reasons'>

/** what I have begun and is not over */
export const running = new Cell<Running | null>(null)

const OVER = ['done', 'undone', 'cancelled']
const reported = new Set<string>()
/** What was begun last, in words: the socket may tell of it before the answer comes. */
let latest = 'changed'

export async function beginBulk(action: BulkAction, words: string): Promise<void> {
  const { ids, all } = selected.get()
  const chosen = all ? { filter: wantedNow() } : { ids: [...ids] }
  clearSelected()
  await followBulk(api.post<BulkOut>('/bulk', { action, ...chosen }), words)
}

/** What was just asked for, followed to its end, which is then said in these words. */
export async function followBulk(begun: Promise<BulkOut>, words: string): Promise<void> {
  latest = words
  try {
    follow(await begun, words)
  } catch (error) {
    toastError('Nothing was changed', error)
  }
}

export async function cancelBulk(id: string): Promise<void> {
  try {
    follow(await api.post<BulkOut>(`/bulk/${id}/cancel`), latest)
  } catch (error) {
    toastError('Not stopped', error)
  }
}

/** What the socket tells of a bulk action; that of others only changes rows. */
export function bulkMoved(event: Running & { by: string }): void {
  if (event.by === currentMe()?.member.id) follow(event, latest)
}

function follow(now: Running, words: string): void {
  if (!OVER.includes(now.state)) {
    running.set(now)
    return
  }
  if (running.get()?.id === now.id) running.set(null)
  if (reported.has(now.id + now.state)) return
  reported.add(now.id + now.state)
  if (now.about === 'contacts') void queryClient.invalidateQueries({ queryKey: ['contacts'] })
  else refreshLists()
  report(now, words)
}

function report(now: Running, words: string): void {
  const [reason] = Object.entries(now.reasons).sort(([, a = 0], [, b = 0]) => b - a)
  const noun = now.about === 'contacts' ? 'contact' : 'conversation'
  const left = now.failed > 0 && reason ? ` ${plural(now.failed, noun)} left out: ${reason[0]}` : ''
  if (now.state === 'undone') {
    toast(`${plural(now.done, noun)} put back.${left}`)
    return
  }
  if (now.done === 0) {
    toast(`Nothing to change.${left}`)
    return
  }
  done(`${plural(now.done, noun)} ${now.state === 'cancelled' ? 'changed before it was stopped' : words}.${left}`, () => {
    void api.post<BulkOut>(`/bulk/${now.id}/undo`).then(
      (undone) => follow(undone, words),
      (error: unknown) => toastError('Not put back', error),
    )
  })
}

function wantedNow() {
  const { view, channels, tags, assignees, teams, priorities, unread, since, until } = filter.get()
  return { view, channel: channels, tag: tags, assignee: assignees, team: teams, priority: priorities, unread, since, until }
}
