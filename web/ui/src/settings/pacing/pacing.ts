/** What is settled about marketing. */
import { queryOptions } from '@tanstack/react-query'
import { api } from '../../lib/api'
import type { PacingSettings } from '../../lib/types'

export const pacingQuery = queryOptions({
  queryKey: ['pacing'],
  queryFn: ({ signal }) => api.get<PacingSettings>('/pacing', signal),
})

export type Settled = PacingSettings['settings']
export type Quiet = NonNullable<Settled['quiet']>
export type Topic = NonNullable<Settled['topics']>[number]
export type Cap = NonNullable<Settled['caps']>[number]

/** As colleagues read it. */
export function topicLabel(topic: Topic): string {
  return topic.labels.en ?? Object.values(topic.labels)[0] ?? topic.key
}
