import { useCallback, useEffect, useRef, useState } from 'react'
import { ApiError, api, messageOf } from '../lib/api'
import type { Broadcast, Plan } from '../lib/types'
import { broadcastQuery, keep, listsChanged } from './broadcasts'
import { queryClient } from '../lib/query'

const REST_MS = 500

export type DraftChange = Partial<Plan>

/** A draft that is stored by itself as one writes; what a colleague stored meanwhile is shown, never written over. */
export function useDraft(stored: Broadcast) {
  const [draft, setDraft] = useState(stored)
  const [problem, setProblem] = useState('')
  const [saving, setSaving] = useState(false)
  const waiting = useRef<DraftChange>({})
  const revision = useRef(stored.revision)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const busy = useRef<Promise<boolean> | null>(null)

  const write = useCallback(async (): Promise<boolean> => {
    while (Object.keys(waiting.current).length > 0) {
      const change = waiting.current
      waiting.current = {}
      try {
        const saved = await api.patch<Broadcast>(`/broadcasts/${stored.id}`, { ...change, revision: revision.current })
        revision.current = saved.revision
        queryClient.setQueryData(broadcastQuery(stored.id).queryKey, saved)
        // What was written while it was on its way is newer than the answer.
        setDraft({ ...saved, plan: { ...saved.plan, ...waiting.current } })
        setProblem('')
      } catch (error) {
        setProblem(messageOf(error))
        if (error instanceof ApiError && error.status === 409) {
          waiting.current = {}
          const fresh = await api.get<Broadcast>(`/broadcasts/${stored.id}`)
          revision.current = fresh.revision
          keep(fresh)
          setDraft(fresh)
        }
        return false
      }
    }
    return true
  }, [stored.id])

  /** Everything that was written is stored; false where the server refused it. */
  const flush = useCallback(async (): Promise<boolean> => {
    clearTimeout(timer.current)
    while (busy.current) await busy.current
    setSaving(true)
    busy.current = write()
    const fine = await busy.current
    busy.current = null
    setSaving(false)
    return fine
  }, [write])

  const change = useCallback(
    (part: DraftChange) => {
      setDraft((now) => ({ ...now, plan: { ...now.plan, ...part } }))
      waiting.current = { ...waiting.current, ...part }
      clearTimeout(timer.current)
      timer.current = setTimeout(() => void flush(), REST_MS)
    },
    [flush],
  )

  useEffect(
    () => () => {
      if (Object.keys(waiting.current).length > 0) void flush().then(listsChanged)
    },
    [flush],
  )
  // A step that was taken, by whomever, comes from the server; what is being written stays.
  useEffect(() => {
    if (stored.revision <= revision.current && stored.state === draft.state) return
    if (Object.keys(waiting.current).length > 0 || busy.current) return
    revision.current = stored.revision
    setDraft(stored)
  }, [stored, draft.state])

  return { draft, change, flush, saving, problem, pending: Object.keys(waiting.current).length > 0 }
}
