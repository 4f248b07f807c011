import { useQuery } from '@tanstack/react-query'
import { Head } from '../campaigns/Head'
import { PageSkeleton } from '../settings/parts/PageSkeleton'
import { ErrorState } from '../ui/ErrorState'
import { SegmentEditor } from './SegmentEditor'
import { segmentQuery } from './segments'

export function SegmentPage({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(segmentQuery(id))
  if (error && !data) {
    return (
      <>
        <Head title="Segment" back={{ to: 'segments', label: 'Segments' }} />
        <ErrorState error={error} onRetry={() => void refetch()} />
      </>
    )
  }
  if (!data) return <PageSkeleton title="Segment" />
  // A colleague's change gives a fresh form; a new count alone does not.
  return <SegmentEditor key={data.revision} segment={data} />
}
