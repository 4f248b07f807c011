import { QueryClient, notifyManager } from '@tanstack/react-query'
import { ApiError } from './api'

// Before the next frame rather than by a timer after it: a box that is ticked must not be drawn empty in between.
notifyManager.setScheduler(queueMicrotask)

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 60_000,
      refetchOnWindowFocus: false,
      // A refusal stays a refusal; only a missing answer is worth another attempt.
      retry: (failures, error) => !(error instanceof ApiError) && failures < 2,
    },
  },
})
