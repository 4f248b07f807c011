import type { Team } from '../../lib/types'

export const STRATEGIES: Record<Team['strategy'], { label: string; text: string }> = {
  manual: { label: 'Nothing by itself', text: 'Members take conversations from the list.' },
  round_robin: { label: 'In turn', text: 'Each to whoever has been without a new one for longest.' },
  least_busy: { label: 'To the least busy', text: 'Each to whoever has the fewest open conversations.' },
}
