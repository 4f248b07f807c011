import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { api, query } from '../lib/api'
import { count } from '../lib/format'
import { Skeleton } from '../ui/Skeleton'
import { ErrorState } from '../ui/ErrorState'
import { Panel } from '../settings/parts/Panel'
import { circles } from './overlap'
import type { Overlapping, Segment } from '../lib/types'
import { allSegmentsQuery, about } from './segments'
import s from './segments.module.css'

const SIZE = 74
const EDGE = 8

/** How many are in this segment and in another one. */
export function Overlap({ segment }: { segment: Segment }) {
  const [other, setOther] = useState<string | null>(null)
  const { data: all } = useQuery(allSegmentsQuery)
  const others = all?.filter((each) => each.id !== segment.id) ?? []
  const chosen = others.find((each) => each.id === other)
  const { data, error, refetch } = useQuery({
    queryKey: ['segment-overlap', segment.id, other],
    queryFn: ({ signal }) => api.get<Overlapping>(`/segments/overlap${query({ one: segment.id, other })}`, signal),
    enabled: other !== null,
  })
  return (
    <Panel title="Overlap" text="Who is here and in another segment too: they would hear from both.">
      <Select
        aria-label="The other segment"
        placeholder={others.length === 0 ? 'There is no other segment yet' : 'Compare with…'}
        searchable
        maw={340}
        data={others.map((each) => ({ value: each.id, label: each.name }))}
        value={other}
        onChange={setOther}
        disabled={others.length === 0}
      />
      {other && (error ? <ErrorState error={error} onRetry={() => void refetch()} /> : !data ? <Skeleton height={180} /> : <Picture one={segment.name} other={chosen?.name ?? ''} counts={data} />)}
    </Panel>
  )
}

function Picture({ one, other, counts }: { one: string; other: string; counts: Overlapping }) {
  const id = useId()
  const drawn = circles(counts.one, counts.other, counts.both)
  const [r, q, apart] = [drawn.one * SIZE, drawn.other * SIZE, drawn.apart * SIZE]
  const left = Math.min(-r, apart - q) - EDGE
  const right = Math.max(r, apart + q) + EDGE
  const high = Math.max(r, q) + EDGE
  const share = counts.one > 0 ? Math.round((counts.both / counts.one) * 100) : 0
  const words =
    counts.both === 0
      ? `Nobody of “${one}” is in “${other}”.`
      : `${about(counts.both, counts.exact)} of “${one}” are in “${other}” too: ${share} %.`
  return (
    <figure className={s.overlap}>
      <svg viewBox={`${left} ${-high} ${right - left} ${2 * high}`} style={{ maxWidth: (right - left) * 1.35 }} aria-hidden>
        <defs>
          <clipPath id={id}>
            <circle r={r} />
          </clipPath>
        </defs>
        <circle r={r} className={s.circleOne} />
        <circle cx={apart} r={q} className={s.circleOther} />
        <circle cx={apart} r={q} clipPath={`url(#${id})`} className={s.circleBoth} />
      </svg>
      <figcaption>
        <ul>
          <li data-of="one">
            <b>{count(counts.one - counts.both)}</b> only {one}
          </li>
          <li data-of="both">
            <b>{count(counts.both)}</b> both
          </li>
          <li data-of="other">
            <b>{count(counts.other - counts.both)}</b> only {other}
          </li>
        </ul>
        <p>{words}</p>
      </figcaption>
    </figure>
  )
}
