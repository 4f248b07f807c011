/** What is made ready before anybody asks for it: entries of the rows beside the open one, and all that the first opening needs. */
import { useEffect } from 'react'
import { whenIdle } from '../lib/idle'
import { queryClient } from '../lib/query'
import { useCan } from '../lib/session'
import { Cell, useCell } from '../lib/store'
import { cannedQuery } from './assist/canned'
import { accountsQuery } from './capabilities'
import { closingQuery } from './closing/closing'
import { forgotten, getThread, readAhead } from './thread/threads'

/** Keys that are pressed faster than this run past a row; nothing is read for its neighbours. */
const STAYED_MS = 60

/** Drawn out of sight while none is open yet: the first drawing of a thread costs several times what the next ones do. */
const rehearsed = new Cell<string | null>(null)
let opened = false

/** Reads the row above and the one below the open conversation; while none is open, the first, which J opens. */
export function useReadAhead(ids: string[], activeId: string | null): void {
  const at = activeId ? ids.indexOf(activeId) : -1
  const above = at > 0 ? ids[at - 1] : undefined
  const below = activeId && at < 0 ? undefined : ids[at + 1]
  const times = useCell(forgotten)
  useEffect(() => {
    // Not before the stream is joined, and again whenever it was: what is read before is forgotten then.
    if (times === 0) return
    const near = [below, above].filter((id) => id !== undefined)
    let here = true
    const timer = setTimeout(async () => {
      await readAhead(near, activeId)
      if (here && !activeId && below) whenIdle(() => rehearse(below))
    }, STAYED_MS)
    return () => {
      here = false
      clearTimeout(timer)
    }
  }, [above, below, activeId, times])
}

/** The conversation to be drawn out of sight, until the first is opened. */
export function useRehearsed(shownId: string | null): string | null {
  const id = useCell(rehearsed)
  useEffect(() => {
    if (!shownId) return
    opened = true
    rehearsed.set(null)
  }, [shownId])
  return id
}

function rehearse(id: string): void {
  // Out of sight nothing follows what changes: it is drawn when there is something to draw.
  if (!opened && !rehearsed.get() && getThread(id)?.status === 'ready') rehearsed.set(id)
}

/** What every conversation asks for once, read when nothing else is going on. */
export function useBasics(): void {
  const mayReply = useCan('inbox.reply')
  const mayReadAccounts = useCan('accounts.read')
  useEffect(
    () =>
      whenIdle(() => {
        if (mayReadAccounts) void queryClient.prefetchQuery(accountsQuery)
        if (!mayReply) return
        void queryClient.prefetchQuery(closingQuery)
        void queryClient.prefetchQuery(cannedQuery)
      }),
    [mayReply, mayReadAccounts],
  )
}
