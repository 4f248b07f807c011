import { SegmentEditor } from './SegmentEditor'
import { SegmentList } from './SegmentList'
import { SegmentPage } from './SegmentPage'

/** `/campaigns/segments`, `…/new` and `…/<id>`. */
export default function SegmentsPage({ rest: [id] }: { rest: string[] }) {
  if (!id) return <SegmentList />
  return id === 'new' ? <SegmentEditor segment={null} /> : <SegmentPage key={id} id={id} />
}
