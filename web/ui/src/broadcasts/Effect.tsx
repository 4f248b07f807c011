import { useQuery } from '@tanstack/react-query'
import { api } from '../lib/api'
import { count, fullTime, plural } from '../lib/format'
import type { BroadcastEffect } from '../lib/types'
import { catalogueQuery } from '../segments/segments'
import { Panel } from '../settings/parts/Panel'
import { share } from './Funnel'
import { Variants } from './Variants'
import s from './broadcasts.module.css'

const AGAIN_MS = 60_000
// As long as nobody has got it.
const SOON_MS = 3_000

/** What it has brought about: how many did what was hoped for, beside those who were held out. Nothing without a goal. */
export function Effect({ id }: { id: string }) {
  const { data } = useQuery({
    queryKey: ['broadcasts', id, 'effect'],
    queryFn: ({ signal }) => api.get<BroadcastEffect>(`/broadcasts/${id}/effect`, signal),
    refetchInterval: ({ state }) => (state.data?.effect?.got.of === 0 ? SOON_MS : AGAIN_MS),
  })
  const { data: catalogue } = useQuery(catalogueQuery)
  const effect = data?.effect
  if (!effect) return null
  const { got, held, difference, low, high, exact, until, amount } = effect
  const event = catalogue?.events.find((each) => each.name === effect.event)?.label ?? effect.event
  return (
    <Panel title={`What it has brought about: ${event}`} text={`Counted until ${fullTime(until)}, ${plural(effect.days, 'day')} at most${exact ? '' : '; of a fair sample of a large audience'}.`}>
      {got.of === 0 ? (
        <p className={s.quiet}>Nobody has got it yet.</p>
      ) : held.of > 0 ? (
        <Variants
          metric="did it"
          verdict={verdict(difference, low, high)}
          variants={[
            { key: 'got', label: 'Got it', ...got, winner: (low ?? 0) > 0 },
            { key: 'held', label: 'Held out', ...held, winner: false },
          ]}
        />
      ) : (
        <p className={s.quiet}>
          {count(got.hits)} of {count(got.of)} did it ({share(got.hits, got.of)}). Nobody was held out, so nobody knows how many would have done it anyway.
        </p>
      )}
      {amount > 0 && <p className={s.quiet}>The amounts of these events come to {count(Math.round(amount))}.</p>}
    </Panel>
  )
}

const points = (value: number) => (value * 100).toLocaleString(undefined, { maximumFractionDigits: 1 })

function verdict(difference: number | null, low: number | null, high: number | null): string {
  if (difference === null || low === null || high === null) return 'Too few people yet to say anything.'
  const range = `between ${points(low)} and ${points(high)} percentage points, nineteen times of twenty`
  if (low > 0) return `It has brought ${points(difference)} percentage points more: ${range}.`
  if (high < 0) return `Those who got it did it less often, by ${points(-difference)} percentage points: ${range}.`
  return `No difference can be told from chance: ${range}.`
}
