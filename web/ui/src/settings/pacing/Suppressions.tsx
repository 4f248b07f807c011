import { ActionIcon, Button, NativeSelect, TextInput } from '@mantine/core'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { api, messageOf, query } from '../../lib/api'
import { toastError } from '../../lib/toast'
import type { Page, Suppression } from '../../lib/types'
import { CHANNEL_ORDER, channelLabel } from '../../ui/ChannelIcon'
import { ErrorState } from '../../ui/ErrorState'
import { IconTrash } from '../../ui/icons'
import { Skeleton } from '../../ui/Skeleton'
import { Ago } from '../parts/Ago'
import { Problem } from '../parts/ConfirmDialog'
import { Panel } from '../parts/Panel'
import s from './pacing.module.css'

const KEY = ['suppressions']

/** Who gets no marketing, whatever they agreed to. */
export function Suppressions({ mayManage }: { mayManage: boolean }) {
  const client = useQueryClient()
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: KEY,
    queryFn: ({ pageParam, signal }) => api.get<Page<Suppression>>(`/suppressions${query({ cursor: pageParam })}`, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  })
  const items = data?.pages.flatMap((page) => page.items)
  const again = () => client.invalidateQueries({ queryKey: KEY })

  async function remove(row: Suppression) {
    try {
      await api.delete(`/suppressions/${encodeURIComponent(row.id)}`)
      await again()
    } catch (error) {
      toastError('Not removed', error)
    }
  }

  return (
    <Panel title="Suppression list" text="These get no marketing, whatever they agreed to. They may be people who have never written.">
      {mayManage && <Add onAdded={again} />}
      {error && !items ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !items ? (
        <Skeleton height={60} />
      ) : items.length === 0 ? (
        <p className={s.none}>Nobody is on it.</p>
      ) : (
        <ul className={s.list}>
          {items.map((row) => (
            <li key={row.id}>
              <div>
                <b>{row.label}</b>
                <small>
                  {row.reason && `${row.reason} · `}
                  {row.by}, <Ago at={row.at} />
                </small>
              </div>
              {mayManage && (
                <ActionIcon aria-label={`Take ${row.label} off the list`} onClick={() => void remove(row)}>
                  <IconTrash size={16} />
                </ActionIcon>
              )}
            </li>
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button variant="default" size="xs" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Show more
        </Button>
      )}
    </Panel>
  )
}

function Add({ onAdded }: { onAdded: () => Promise<unknown> }) {
  const [channel, setChannel] = useState('sms')
  const [handle, setHandle] = useState('')
  const [reason, setReason] = useState('')
  const [problem, setProblem] = useState('')

  async function add(event: FormEvent) {
    event.preventDefault()
    setProblem('')
    try {
      await api.post('/suppressions', { address: `${channel}:${handle.trim()}`, reason })
      setHandle('')
      setReason('')
      await onAdded()
    } catch (error) {
      setProblem(messageOf(error))
    }
  }

  return (
    <form onSubmit={(event) => void add(event)}>
      <div className={s.add}>
        <NativeSelect
          label="Channel"
          data={CHANNEL_ORDER.map((each) => ({ value: each, label: channelLabel(each) }))}
          value={channel}
          onChange={(event) => setChannel(event.currentTarget.value)}
        />
        <TextInput label="Handle" placeholder="+12025550123" required value={handle} onChange={(event) => setHandle(event.currentTarget.value)} maxLength={250} />
        <TextInput label="Why" value={reason} onChange={(event) => setReason(event.currentTarget.value)} maxLength={500} />
        <Button type="submit" variant="default">
          Add
        </Button>
      </div>
      <Problem text={problem} />
    </form>
  )
}
