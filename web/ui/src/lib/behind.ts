import { startTransition, useEffect, useState } from 'react'

/**
 * The value, once the frame that shows its change elsewhere has been drawn: what costs much to draw comes after the answer
 * to the key. A frame that never comes (the tab is in the background) is not waited for.
 */
export function useBehind<T>(value: T): T {
  const [shown, setShown] = useState(value)
  useEffect(() => {
    const follow = () => startTransition(() => setShown(value))
    let timer = setTimeout(follow, LONGEST_MS)
    const frame = requestAnimationFrame(() => {
      clearTimeout(timer)
      timer = setTimeout(follow)
    })
    return () => {
      cancelAnimationFrame(frame)
      clearTimeout(timer)
    }
  }, [value])
  return shown
}

const LONGEST_MS = 50
