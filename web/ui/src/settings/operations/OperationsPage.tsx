import '@mantine/core/styles/FloatingIndicator.css'
import '@mantine/core/styles/SegmentedControl.css'
import { SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../lib/api'
import { plural, remaining } from '../../lib/format'
import { usePhone } from '../../lib/media'
import { useCan } from '../../lib/session'
import type { FailureKind, Operations } from '../../lib/types'
import { IconAlertTriangle } from '../../ui/icons'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { FailedPage, ForbiddenPage } from '../parts/States'
import { FailureList } from './FailureList'
import { KINDS, LANES, WORK } from './words'
import s from './operations.module.css'

const REFRESH_MS = 4_000

export default function OperationsPage() {
  const phone = usePhone()
  const allowed = useCan('operations.manage')
  const [chosen, setKind] = useState<FailureKind | null>(null)
  const { data, error, refetch } = useQuery({
    queryKey: ['operations'],
    queryFn: () => api.get<Operations>('/operations'),
    enabled: allowed,
    refetchInterval: REFRESH_MS,
    staleTime: 0,
  })

  if (!allowed) return <ForbiddenPage title="Operations" />
  if (error && !data) return <FailedPage title="Operations" error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton title="Operations" />
  const kind = chosen ?? KINDS.find((one) => data.failed[one.kind] > 0)?.kind ?? 'inbound'
  return (
    <>
      <Heading
        title="Operations"
        text="What waits to be done, for how long, and what failed. Customers' messages, answers and everything else wait in lanes of their own, so none holds up another."
      />
      <Alarm data={data} unreachable={error !== null} />
      <section className={s.cards} aria-label="Lanes">
        {data.lanes.map((lane) => (
          <div key={lane.name} className={s.card} data-level={lane.served ? 'ok' : 'stuck'}>
            <h2>{LANES[lane.name]?.label ?? lane.name}</h2>
            <b>{lane.waiting}</b>
            <p>{lane.served ? (LANES[lane.name]?.text ?? 'jobs wait') : 'no worker serves this lane'}</p>
          </div>
        ))}
      </section>
      <section className={s.cards} aria-label="Waiting work">
        {data.work.map((work) => (
          <div key={work.kind} className={s.card} data-level={work.level}>
            <h2>{WORK[work.kind] ?? work.kind}</h2>
            <b>{work.open}</b>
            <p>{work.open ? `oldest waits ${remaining(work.oldest_seconds * 1000)}` : 'nothing waits'}</p>
          </div>
        ))}
      </section>
      <section className={s.failures} aria-label="Failures">
        <header>
          <h2>Failures</h2>
          <SegmentedControl
            aria-label="Kind of failure"
            orientation={phone ? 'vertical' : 'horizontal'}
            fullWidth={phone}
            value={kind}
            onChange={(value) => setKind(value as FailureKind)}
            data={KINDS.map((one) => ({ value: one.kind, label: `${one.label} ${shown(data.failed[one.kind])}` }))}
          />
        </header>
        <FailureList key={kind} kind={kind} count={data.failed[kind]} onChange={() => void refetch()} />
      </section>
    </>
  )
}

function shown(count: number): string {
  return count >= 1_000 ? '1,000+' : String(count)
}

/** The one thing an operator must not overlook, said aloud when it begins. */
function Alarm({ data, unreachable }: { data: Operations; unreachable: boolean }) {
  const unserved = data.lanes.filter((lane) => !lane.served)
  const stuck = data.work.filter((work) => work.level !== 'ok')
  const text = unreachable
    ? 'These figures are old: the server cannot be reached.'
    : unserved.length > 0
      ? `No worker serves ${plural(unserved.length, 'lane')}. Start one: python -m app worker.`
      : stuck.length > 0
        ? `${stuck.map((work) => WORK[work.kind] ?? work.kind).join(', ')}: the oldest has waited ${remaining(Math.max(...stuck.map((work) => work.oldest_seconds)) * 1000)}. Are the workers alive and the providers reachable?`
        : ''
  return (
    <div role="alert" className={s.alarm} hidden={!text}>
      <IconAlertTriangle size={16} aria-hidden />
      <span>{text}</span>
    </div>
  )
}
