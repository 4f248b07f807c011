import { Modal } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { api } from '../../lib/api'
import { CopyButton } from '../../ui/CopyButton'
import { ErrorState } from '../../ui/ErrorState'
import { Skeleton } from '../../ui/Skeleton'
import { rawEntry } from './menuState'
import s from './thread.module.css'

/** What the provider sent or was sent, with secrets taken out. */
export default function RawPayload({ entryId }: { entryId: string }) {
  return (
    <Modal opened onClose={() => rawEntry.set(null)} title="Raw payload" size={720}>
      <Payload entryId={entryId} />
    </Modal>
  )
}

function Payload({ entryId }: { entryId: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['raw', entryId],
    queryFn: () => api.get<{ payload: unknown }>(`/entries/${entryId}/raw`),
  })
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!data) return <Skeleton height={160} />
  const text = JSON.stringify(data.payload, null, 2)
  return (
    <div className={s.raw}>
      <CopyButton value={text} label="Copy payload" />
      <pre tabIndex={0} aria-label="Payload">
        {text}
      </pre>
    </div>
  )
}
