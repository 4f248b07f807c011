import { useCallback, useLayoutEffect, useRef, useState, type RefObject } from 'react'

const OVERSCAN = 6

interface FixedWindow {
  first: number
  last: number
  scrollTo(index: number): void
}

/** Which rows of equal height are in view. The cost does not depend on how many there are. */
export function useFixedWindow(scroller: RefObject<HTMLElement | null>, count: number, rowHeight: number): FixedWindow {
  const [range, setRange] = useState({ first: 0, last: 20 })

  const measure = useCallback(() => {
    const element = scroller.current
    if (!element) return
    const first = Math.max(0, Math.floor(element.scrollTop / rowHeight) - OVERSCAN)
    const last = Math.min(count - 1, Math.ceil((element.scrollTop + element.clientHeight) / rowHeight) + OVERSCAN)
    setRange((current) => (current.first === first && current.last === last ? current : { first, last }))
  }, [scroller, count, rowHeight])

  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    measure()
    element.addEventListener('scroll', measure, { passive: true })
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => {
      element.removeEventListener('scroll', measure)
      observer.disconnect()
    }
  }, [scroller, measure])

  const scrollTo = useCallback(
    (index: number) => {
      const element = scroller.current
      if (!element) return
      const top = index * rowHeight
      if (top < element.scrollTop) element.scrollTop = top
      else if (top + rowHeight > element.scrollTop + element.clientHeight) {
        element.scrollTop = top + rowHeight - element.clientHeight
      }
    },
    [scroller, rowHeight],
  )

  return { ...range, scrollTo }
}

/**
 * Keeps what one reads in place when rows come in above it; returns how many came since the list was at its top.
 *
 * The shift is the median of how far the visible rows moved: a single row that jumped to the top says nothing.
 */
export function useSteadyScroll(scroller: RefObject<HTMLElement | null>, ids: string[], version: number, rowHeight: number): number {
  const before = useRef<{ ids: string[]; first: number }>({ ids: [], first: 0 })
  const [above, setAbove] = useState(0)

  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const remember = () => {
      const first = Math.floor(element.scrollTop / rowHeight)
      before.current = { ids: ids.slice(first, first + 5), first }
    }
    if (element.scrollTop > rowHeight / 2) {
      const shifts = before.current.ids
        .map((id, offset) => ids.indexOf(id) - (before.current.first + offset))
        .sort((a, b) => a - b)
      const shift = shifts[shifts.length >> 1] ?? 0
      if (shift > 0) {
        element.scrollTop += shift * rowHeight
        setAbove((count) => count + shift)
      }
    }
    remember()
    const onScroll = () => {
      remember()
      if (element.scrollTop < rowHeight / 2) setAbove(0)
    }
    element.addEventListener('scroll', onScroll, { passive: true })
    return () => element.removeEventListener('scroll', onScroll)
  }, [scroller, ids, version, rowHeight])

  return above
}
