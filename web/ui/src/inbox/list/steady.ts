/** Keeps the rows of a list where they are while somebody moves through it, with the pointer, a wheel, a finger or the keys. */
import { useCallback, useEffect, useRef } from 'react'
import type { ConversationListStore } from './listStore'

const LOOK_MS = 200
/** So often in a row nothing has moved: looks are counted, not time, because a page that is busy moves nothing either. */
const STILL = 5

/** To be called with every movement; about a second after the last one everything goes to its place. */
export function useSteady(list: ConversationListStore): () => void {
  const state = useRef({ still: 0, timer: 0 })

  useEffect(() => {
    const now = state.current
    return () => {
      clearTimeout(now.timer)
      now.timer = 0
      list.settle()
    }
  }, [list])

  return useCallback(() => {
    const now = state.current
    const look = () => {
      now.still += 1
      now.timer = now.still < STILL ? window.setTimeout(look, LOOK_MS) : 0
      if (!now.timer) list.settle()
    }
    now.still = 0
    list.hold()
    if (!now.timer) now.timer = window.setTimeout(look, LOOK_MS)
  }, [list])
}
