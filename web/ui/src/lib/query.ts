import { QueryClient } from '@tanstack/react-query'
import { ApiError } from './api'

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
