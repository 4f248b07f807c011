/** What is read while something newer is stored: its answer may be older, and would be shown in place of what was stored. */
import type { QueryClient } from '@tanstack/react-query'

/** A read under way is begun anew when its query is given other data meanwhile. To be called once. */
export function readOvertakenAgain(client: QueryClient): void {
  client.getQueryCache().subscribe((event) => {
    if (event.type !== 'updated' || event.action.type !== 'success' || !event.action.manual) return
    const { queryKey, state } = event.query
    if (state.fetchStatus !== 'idle') void client.invalidateQueries({ queryKey, exact: true, refetchType: 'all' })
  })
}
