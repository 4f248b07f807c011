import { useSyncExternalStore } from 'react'

const queries = new Map<string, MediaQueryList>()

function list(query: string): MediaQueryList {
  let found = queries.get(query)
  if (!found) queries.set(query, (found = matchMedia(query)))
  return found
}

export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      list(query).addEventListener('change', listener)
      return () => list(query).removeEventListener('change', listener)
    },
    () => list(query).matches,
  )
}

/** One pane at a time. */
export const PHONE = '(max-width: 767px)'
/** Two panes, the contact in a drawer. */
export const NARROW = '(max-width: 1199px)'

export const usePhone = (): boolean => useMedia(PHONE)
export const useNarrow = (): boolean => useMedia(NARROW)
export const isPhone = (): boolean => list(PHONE).matches
