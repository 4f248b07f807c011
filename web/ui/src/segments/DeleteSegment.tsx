import { useQuery } from '@tanstack/react-query'
import { CampaignLink, useCampaign } from '../campaigns/CampaignLink'
import { api } from '../lib/api'
import { toast } from '../lib/toast'
import type { Segment, SegmentUses } from '../lib/types'
import { ConfirmDialog } from '../settings/parts/ConfirmDialog'
import { Skeleton } from '../ui/Skeleton'
import { segmentsChanged } from './segments'

/** Says first what stands on it. */
export function DeleteSegment({ segment, onClose }: { segment: Segment; onClose: () => void }) {
  const goTo = useCampaign()
  const uses = useQuery({
    queryKey: ['segments', segment.id, 'uses'],
    queryFn: ({ signal }) => api.get<SegmentUses>(`/segments/${segment.id}/uses`, signal).then((found) => found.items),
    staleTime: 0,
  })

  async function remove() {
    await api.delete(`/segments/${segment.id}`)
    segmentsChanged()
    toast(`Segment “${segment.name}” deleted`)
    goTo('segments')
  }

  return (
    <ConfirmDialog title={`Delete “${segment.name}”?`} confirm="Delete" onConfirm={remove} onClose={onClose}>
      {uses.isPending ? (
        <Skeleton height={40} />
      ) : uses.data && uses.data.length > 0 ? (
        <>
          <p>It is used by:</p>
          <ul>
            {uses.data.map((use) => (
              <li key={use.id}>
                {use.type === 'broadcast' || use.type === 'segment' ? <CampaignLink to={`${use.type}s/${use.id}`}>{use.name}</CampaignLink> : use.name}
              </li>
            ))}
          </ul>
        </>
      ) : (
        <p>Nothing uses it. The people stay; only the group goes.</p>
      )}
    </ConfirmDialog>
  )
}
