import { useCallback, useRef } from 'react'
import { send } from '../../lib/live'
import type { Reach } from '../../lib/types'

const REPEAT_MS = 3_000

/** Tells colleagues, and the customer where the channel shows it, that somebody writes; at most every three seconds. */
export function useTypingSignal(conversationId: string, reach: Reach | undefined): (on: boolean) => void {
  const lastAt = useRef(0)
  const accountId = reach?.account_id
  const address = reach?.address
  return useCallback(
    (on: boolean) => {
      if (!accountId || !address) return
      const now = Date.now()
      if (on ? now - lastAt.current < REPEAT_MS : lastAt.current === 0) return
      lastAt.current = on ? now : 0
      send({ type: 'typing', conversation_id: conversationId, account_id: accountId, address, on })
    },
    [conversationId, accountId, address],
  )
}
