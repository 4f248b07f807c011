import { ActionIcon, Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Fragment, useState } from 'react'
import { api, query } from '../../lib/api'
import { plural } from '../../lib/format'
import { toast, toastError } from '../../lib/toast'
import type { Failure, FailureKind, Page } from '../../lib/types'
import { CopyButton } from '../../ui/CopyButton'
import { EmptyState } from '../../ui/EmptyState'
import { ErrorState } from '../../ui/ErrorState'
import { IconCheck, IconChevronDown, IconRefresh, IconX } from '../../ui/icons'
import { Skeleton } from '../../ui/Skeleton'
import { Ago } from '../parts/Ago'
import { ConfirmDialog } from '../parts/ConfirmDialog'
import p from '../parts/parts.module.css'
import { KINDS } from './words'
import s from './operations.module.css'

const PAGE = 50

interface FailureListProps {
  kind: FailureKind
  count: number
  onChange: () => void
}

export function FailureList({ kind, count, onChange }: FailureListProps) {
  const [confirming, setConfirming] = useState(false)
  const words = KINDS.find((one) => one.kind === kind)!
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    // Counted anew, listed anew.
    queryKey: ['failures', kind, count],
    queryFn: ({ pageParam }) =>
      api.get<Page<Failure>>(`/operations/failures${query({ kind, cursor: pageParam, limit: PAGE })}`),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    staleTime: 0,
    placeholderData: (previous) => previous,
  })

  async function act(failure: Failure, action: 'retry' | 'dismiss', done: string) {
    try {
      await api.post(`/operations/failures/${action}`, { kind, id: failure.id })
      toast(done)
    } catch (problem) {
      toastError('That did not work', problem)
    }
    onChange()
    void refetch()
  }

  async function retryAll() {
    await api.post('/operations/failures/retry-all', { kind })
    toast('They are being tried again.')
    onChange()
  }

  if (error && !data) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!data) return <Skeleton height={120} />
  const items = data.pages.flatMap((page) => page.items)
  if (items.length === 0) return <EmptyState icon={IconCheck} title="Nothing failed" text={words.empty} />
  return (
    <>
      <div className={s.bar}>
        <span className={p.muted}>{count >= 1_000 ? `1,000 ${words.many ?? `${words.one}s`} and more` : plural(count, words.one, words.many)}</span>
        <Button variant="default" size="xs" leftSection={<IconRefresh size={14} />} onClick={() => setConfirming(true)}>
          Try all again
        </Button>
      </div>
      <div className={p.tableWrap}>
        <table className={p.table} aria-label="Failures">
          <thead>
            <tr>
              <th>What went wrong</th>
              <th data-wide>Failed</th>
              <th data-wide>Tries</th>
              <th data-end>
                <span className="visually-hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {items.map((failure) => (
              <Row key={failure.id} failure={failure} act={act} />
            ))}
          </tbody>
        </table>
      </div>
      {hasNextPage && (
        <div className={p.foot}>
          <Button variant="subtle" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Show older
          </Button>
        </div>
      )}
      {confirming && (
        <ConfirmDialog
          title={`Try ${plural(count, words.one, words.many)} again?`}
          confirm="Try all again"
          danger={kind === 'messages'}
          onConfirm={retryAll}
          onClose={() => setConfirming(false)}
        >
          <p>{words.all}</p>
        </ConfirmDialog>
      )}
    </>
  )
}

interface RowProps {
  failure: Failure
  act: (failure: Failure, action: 'retry' | 'dismiss', done: string) => Promise<void>
}

function Row({ failure, act }: RowProps) {
  const [open, setOpen] = useState(false)
  const [busy, setBusy] = useState(false)
  const reason = failure.error || 'No reason was kept.'

  async function run(action: 'retry' | 'dismiss', done: string) {
    setBusy(true)
    await act(failure, action, done)
    setBusy(false)
  }

  return (
    <Fragment>
      <tr>
        <td>
          <span className={s.reason}>{reason}</span>
          <span className={`${p.small} ${p.muted} ${s.id}`}>{failure.id}</span>
        </td>
        <td data-wide className={p.nowrap}>
          <Ago at={failure.at} />
        </td>
        <td data-wide>{failure.attempts}</td>
        <td data-end>
          <span className={s.actions}>
            <Button size="xs" variant="default" loading={busy} onClick={() => void run('retry', 'It is being tried again.')}>
              Try again
            </Button>
            <ActionIcon
              aria-label="Dismiss"
              disabled={busy}
              onClick={() => void run('dismiss', 'It is off the list; nothing was deleted.')}
            >
              <IconX size={16} />
            </ActionIcon>
            <ActionIcon
              aria-label={`Payload of ${failure.id}`}
              aria-expanded={open}
              onClick={() => setOpen(!open)}
              className={s.expand}
              data-open={open || undefined}
            >
              <IconChevronDown size={16} />
            </ActionIcon>
          </span>
        </td>
      </tr>
      {open && (
        <tr className={s.payload}>
          <td colSpan={4}>
            <Payload value={failure.payload} conversationId={failure.conversation_id} />
          </td>
        </tr>
      )}
    </Fragment>
  )
}

function Payload({ value, conversationId }: { value: unknown; conversationId: string | null }) {
  const text = JSON.stringify(value, null, 2)
  return (
    <div className={s.raw}>
      <CopyButton value={text} label="Copy payload" />
      {conversationId && <a href={`/inbox/${conversationId}`}>Open the conversation</a>}
      <pre tabIndex={0} aria-label="Payload">
        {text}
      </pre>
    </div>
  )
}
