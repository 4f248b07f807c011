import '@mantine/core/styles/FloatingIndicator.css'
import '@mantine/core/styles/SegmentedControl.css'
import { Button, SegmentedControl } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { CampaignLink, useCampaign } from '../campaigns/CampaignLink'
import { Head } from '../campaigns/Head'
import { api, query } from '../lib/api'
import { count, fullTime, plural } from '../lib/format'
import { useCan } from '../lib/session'
import { toastError } from '../lib/toast'
import type { Broadcast, BroadcastRow, Page } from '../lib/types'
import { Ago } from '../settings/parts/Ago'
import { RowsSkeleton } from '../settings/parts/PageSkeleton'
import p from '../settings/parts/parts.module.css'
import { Badge } from '../ui/Badge'
import { ChannelIcon } from '../ui/ChannelIcon'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState } from '../ui/ErrorState'
import { IconCalendarWeek, IconPlus, IconSearch, IconSpeakerphone } from '../ui/icons'
import { share } from './Funnel'
import { STATES, done, keep } from './broadcasts'
import { useReport } from './useReport'
import s from './broadcasts.module.css'

const FILTERS = [
  { value: '', label: 'All' },
  { value: 'draft', label: 'Drafts' },
  { value: 'review', label: 'In review' },
  { value: 'scheduled', label: 'Scheduled' },
  { value: 'running', label: 'Sending' },
  { value: 'paused', label: 'Paused' },
  { value: 'done', label: 'Done' },
]

const MOVING = new Set(['running', 'paused'])

export function BroadcastList() {
  const [state, setState] = useState('')
  const goTo = useCampaign()
  const mayWrite = useCan('broadcasts.write')
  const [busy, setBusy] = useState(false)
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['broadcasts', 'list', state],
    queryFn: ({ pageParam, signal }) => api.get<Page<BroadcastRow>>(`/broadcasts${query({ state, cursor: pageParam, limit: 30 })}`, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })
  const items = data?.pages.flatMap((page) => page.items)

  async function create() {
    setBusy(true)
    try {
      const made = await api.post<Broadcast>('/broadcasts', { name: 'New broadcast' })
      keep(made)
      goTo(`broadcasts/${made.id}/who`)
    } catch (reason) {
      toastError('No broadcast was made', reason)
      setBusy(false)
    }
  }

  const button = mayWrite && (
    <Button leftSection={<IconPlus size={16} />} loading={busy} onClick={() => void create()}>
      New broadcast
    </Button>
  )
  const empty = items?.length === 0
  return (
    <>
      <Head title="Broadcasts" text="One message to many who agreed to it. You see who gets it, who does not and why, before anything goes." actions={
          !(empty && !state) && (
            <>
              <Button variant="default" leftSection={<IconCalendarWeek size={16} />} onClick={() => goTo('broadcasts/calendar')}>
                Calendar
              </Button>
              {button}
            </>
          )
        }
      />
      {!(empty && !state) && (
        <SegmentedControl className={s.filters} size="xs" aria-label="Which broadcasts" value={state} data={FILTERS} onChange={setState} />
      )}
      <section className={p.list} aria-label="Broadcasts">
        {error && !items ? (
          <ErrorState error={error} onRetry={() => void refetch()} />
        ) : !items ? (
          <RowsSkeleton />
        ) : empty ? (
          state ? (
            <EmptyState icon={IconSearch} title="None is like that" text="No broadcast is in this state." />
          ) : (
            <EmptyState
              icon={IconSpeakerphone}
              title="No broadcasts yet"
              text="Write to everybody who agreed to hear from you. Nothing is sent before you have seen who gets it and pressed the last button."
              action={button}
            />
          )
        ) : (
          <>
            <ul className={s.rows}>
              {items.map((each) => (
                <Row key={each.id} broadcast={each} />
              ))}
            </ul>
            {hasNextPage && (
              <div className={p.foot}>
                <Button variant="subtle" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
                  Show older
                </Button>
              </div>
            )}
          </>
        )}
      </section>
    </>
  )
}

function Row({ broadcast }: { broadcast: BroadcastRow }) {
  const { state, channel, people } = broadcast
  const progress = useReport(broadcast.id, MOVING.has(state)).data?.progress
  const { label, tone } = STATES[state]
  return (
    <li>
      <CampaignLink to={`broadcasts/${broadcast.id}`}>
        <span className={s.rowName}>
          <b>
            {channel && <ChannelIcon channel={channel} size={16} />} {broadcast.name}
          </b>
          <small>{broadcast.reason?.message ?? <Made broadcast={broadcast} />}</small>
        </span>
        <span className={s.rowFigures}>
          {progress && progress.people > 0 ? (
            <>
              <i className={s.bar} style={{ '--done': done(progress) } as React.CSSProperties} />
              <small>
                {count(progress.tally.sent)} of {count(progress.people)} sent{progress.tally.delivered !== null && progress.tally.sent > 0 && `, ${share(progress.tally.delivered, progress.tally.delivered_of ?? 0)} delivered`}
              </small>
            </>
          ) : (
            <small>
              {[people !== null && plural(people, 'person', 'people'), broadcast.recurring && 'again and again', broadcast.scheduled_at && fullTime(broadcast.scheduled_at)]
                .filter(Boolean)
                .join(', ')}
            </small>
          )}
        </span>
        <Badge tone={tone}>{label}</Badge>
      </CampaignLink>
    </li>
  )
}

function Made({ broadcast }: { broadcast: BroadcastRow }) {
  return (
    <>
      by {broadcast.owner_name}, <Ago at={broadcast.finished_at ?? broadcast.updated_at} />
    </>
  )
}
