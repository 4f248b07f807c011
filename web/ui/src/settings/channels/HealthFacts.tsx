import type { ReactNode } from 'react'
import type { Account } from '../../lib/types'
import type { Tone } from '../../ui/Badge'
import { Ago, Until } from '../parts/Ago'
import { limitsWords, qualityTone, qualityWord } from './health'

interface HealthFactsProps {
  health: Account['health']
  className: string | undefined
  /** On a card: the time of the last error, and not when it was checked. */
  brief?: boolean
}

/** When something last came and went through an account, and what its provider says of it. */
export function HealthFacts({ health, className, brief = false }: HealthFactsProps) {
  return (
    <dl className={className}>
      <Fact name="Last received">
        <Ago at={health.last_webhook_at} />
      </Fact>
      <Fact name="Last sent">
        <Ago at={health.last_send_at} />
      </Fact>
      {!brief && (
        <Fact name="Last checked">
          <Ago at={health.checked_at} />
        </Fact>
      )}
      {brief && health.last_error && (
        <Fact name="Last error" tone="danger">
          <Ago at={health.last_error.at} never="unknown" />
        </Fact>
      )}
      {health.token_expires_at && (
        <Fact name="Token ends">
          <Until at={health.token_expires_at} />
        </Fact>
      )}
      {health.quality && (
        <Fact name="Quality" tone={qualityTone(health.quality)}>
          {qualityWord(health.quality)}
        </Fact>
      )}
      {health.limits && <Fact name="Limit">{limitsWords(health.limits)}</Fact>}
    </dl>
  )
}

function Fact({ name, tone, children }: { name: string; tone?: Tone; children: ReactNode }) {
  return (
    <div data-tone={tone}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
