/** What is read while something newer is stored: its answer may be older, and would be shown in place of what was stored. */
import type { QueryClient } from '@tanstack/react-query'

/**
 * A read under way is begun anew when its query is given other data meanwhile, or when something tells that it has
 * changed: the library does so by itself only where there is an answer already. To be called once.
 */
export function readOvertakenAgain(client: QueryClient): void {
  client.getQueryCache().subscribe((event) => {
    if (event.type !== 'updated') return
    const { action, query } = event
    const { queryKey, state } = query
    if (state.fetchStatus === 'idle') return
    const again = () => void client.invalidateQueries({ queryKey, exact: true, refetchType: 'all' })
    if (action.type === 'success' && action.manual) again()
    if (action.type === 'invalidate' && state.data === undefined) void query.promise?.then(again, () => undefined)
  })
}
