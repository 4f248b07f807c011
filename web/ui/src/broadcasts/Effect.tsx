import { useQuery } from '@tanstack/react-query'
import { count, fullTime, plural } from '../lib/format'
import { Panel } from '../settings/parts/Panel'
import { share } from './Funnel'
import { Variants } from './Variants'
import { effectQuery, revenueText, useEventLabel } from './effect'
import s from './broadcasts.module.css'

/**
 * What it has brought about: how many did what was hoped for, and for how much, beside those who were held out. Nothing
 * without a goal.
 */
export function Effect({ id }: { id: string }) {
  const { data } = useQuery(effectQuery(id))
  const event = useEventLabel(data?.effect?.event)
  const effect = data?.effect
  if (!effect) return null
  const { got, held, difference, low, high, revenue, exact, until } = effect
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
      {revenue.length > 0 && (
        <p className={s.brought}>
          Revenue{exact ? '' : ', about'}: <b>{revenueText(revenue)}</b>
        </p>
      )}
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
