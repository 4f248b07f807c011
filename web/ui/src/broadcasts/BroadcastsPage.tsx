import { useQuery } from '@tanstack/react-query'
import { Head } from '../campaigns/Head'
import { PageSkeleton } from '../settings/parts/PageSkeleton'
import { ErrorState } from '../ui/ErrorState'
import { BroadcastList } from './BroadcastList'
import { Calendar } from './Calendar'
import { Composer } from './Composer'
import { Watching } from './Watching'
import { broadcastQuery } from './broadcasts'

const COMPOSED = new Set(['draft', 'review', 'approved'])

/** `/campaigns/broadcasts`, `…/calendar` and `…/<id>[/<step>]`: composed until it is settled, watched from then on. */
export default function BroadcastsPage({ rest: [id, step] }: { rest: string[] }) {
  if (id === 'calendar') return <Calendar />
  return id ? <One key={id} id={id} step={step} /> : <BroadcastList />
}

function One({ id, step }: { id: string; step: string | undefined }) {
  const { data, error, refetch } = useQuery(broadcastQuery(id))
  if (error && !data) {
    return (
      <>
        <Head title="Broadcast" back={{ to: 'broadcasts', label: 'Broadcasts' }} />
        <ErrorState error={error} onRetry={() => void refetch()} />
      </>
    )
  }
  if (!data) return <PageSkeleton title="Broadcast" />
  return COMPOSED.has(data.state) ? <Composer stored={data} step={step} /> : <Watching broadcast={data} />
}
