import { useQuery } from '@tanstack/react-query'
import { Badge } from '../ui/Badge'
import { ErrorState } from '../ui/ErrorState'
import { Skeleton } from '../ui/Skeleton'
import { RISKS, healthOf } from './contactHealth'
import s from './contactHealth.module.css'

interface HealthCardProps {
  contactId: string
  /** the newest thing that happened with them */
  since: number
  className?: string | undefined
}

/** A person's score, how likely they leave us, and the reasons; nothing where the workspace keeps no scores. */
export function HealthCard({ contactId, since, className }: HealthCardProps) {
  const { data, error, refetch } = useQuery(healthOf(contactId, since))
  if (data?.state === 'off') return null
  const health = data?.health
  return (
    <section className={className} aria-label="Health">
      <h2>Health</h2>
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Skeleton height={64} />
      ) : !health ? (
        <p className={s.none}>Nothing is known yet that would tell.</p>
      ) : (
        <>
          <p className={s.score}>
            <b>{health.score}</b> <span>of 100</span> <Badge tone={RISKS[health.risk].tone}>{RISKS[health.risk].label}</Badge>
          </p>
          <ul className={s.parts}>
            {health.parts.map((part) => (
              <li key={part.name} title={`${part.value} of 100, weighs ${part.weight}`}>
                <span>{part.words}</span>
                <span className={s.bar} data-low={part.value < 40 || undefined} aria-hidden>
                  <i style={{ width: `${part.value}%` }} />
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}
