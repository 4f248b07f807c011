import { Button } from '@mantine/core'
import { count } from '../lib/format'
import type { Broadcast, BroadcastProgress } from '../lib/types'
import { Panel } from '../settings/parts/Panel'
import { sum } from './broadcasts'
import s from './broadcasts.module.css'

interface WaysProps {
  broadcast: Broadcast
  ways: BroadcastProgress['ways']
  onNames: (title: string, asked: Record<string, string>) => void
}

const STATES = [
  { state: 'delivered', label: 'delivered' },
  { state: 'sent', label: 'sent' },
  { state: 'failed', label: 'failed' },
] as const

/** Where it went by more than one way: how many by each, and who. */
export function Ways({ broadcast, ways, onNames }: WaysProps) {
  if (ways.length < 2) return null
  return (
    <Panel title="By which way" text="Whom the first way did not reach in time got it by the next; together they count once." flush>
      <ul className={s.reasons}>
        {ways.map((way, number) => {
          const name = number === 0 ? 'First way' : `Otherwise, after ${broadcast.plan.fallbacks[number - 1]?.after_minutes ?? 0} min`
          return (
            <li key={number} className={s.way}>
              <span>
                {name}: {count(way.tally.total)}
              </span>
              {STATES.map(({ state, label }) => {
                const people = state === 'failed' ? sum(way.tally.failed) : (way.tally[state] ?? 0)
                return (
                  people > 0 && (
                    <Button key={state} size="compact-sm" variant="default" onClick={() => onNames(`${name}: ${label}`, { state, way: String(number) })}>
                      {count(people)} {label}
                    </Button>
                  )
                )
              })}
            </li>
          )
        })}
      </ul>
    </Panel>
  )
}
