import { Button, NumberInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, messageOf } from '../../lib/api'
import { toast } from '../../lib/toast'
import type { Retention as Kept, RetentionRules } from '../../lib/types'
import { ErrorState } from '../../ui/ErrorState'
import { Skeleton } from '../../ui/Skeleton'
import { Problem } from '../parts/ConfirmDialog'
import { Panel } from '../parts/Panel'
import s from './privacy.module.css'

const KEY = ['retention']
const CLASSES = [
  { name: 'files', label: 'Files that customers sent', things: 'files' },
  { name: 'messages', label: 'Words of messages and notes', things: 'messages and notes' },
  { name: 'tables', label: 'Tables of people that were imported', things: 'imports' },
] as const

/** How long things are kept, with a look at what would go before it does. */
export function Retention() {
  const { data, error, refetch } = useQuery({ queryKey: KEY, queryFn: ({ signal }) => api.get<Kept>('/retention', signal) })
  return (
    <Panel title="How long things are kept" text="What is older goes by itself, once an hour, and is noted in the audit log. Nothing goes of people under a legal hold.">
      {error && !data ? <ErrorState error={error} onRetry={() => void refetch()} /> : data ? <Rules key={JSON.stringify(data.days)} kept={data} /> : <Skeleton height={160} />}
    </Panel>
  )
}

function Rules({ kept }: { kept: Kept }) {
  const client = useQueryClient()
  const [days, setDays] = useState<RetentionRules>(kept.days)
  const [problem, setProblem] = useState('')
  const asked = JSON.stringify(days) === JSON.stringify(kept.preview_days)

  async function send(how: 'save' | 'preview') {
    setProblem('')
    try {
      client.setQueryData(KEY, how === 'save' ? await api.put<Kept>('/retention', days) : await api.post<Kept>('/retention/preview', days))
      if (how === 'save') toast('Saved')
    } catch (reason) {
      setProblem(messageOf(reason))
    }
  }

  return (
    <div className={s.rules}>
      {CLASSES.map(({ name, label, things }) => (
        <div key={name} className={s.rule}>
          <NumberInput
            label={label}
            description="Days; empty: for ever."
            value={days[name] ?? ''}
            min={1}
            max={3650}
            onChange={(value) => setDays((now) => ({ ...now, [name]: Number(value) || null }))}
          />
          <small>
            {kept.gone[name] > 0 && `${kept.gone[name]} have gone. `}
            {asked && days[name] && (kept.preview ? `${kept.preview[name]} ${things} would go now.` : 'Counting…')}
          </small>
        </div>
      ))}
      <Problem text={problem} />
      <div className={s.buttons}>
        <Button variant="default" onClick={() => void send('preview')}>
          What would go?
        </Button>
        <Button onClick={() => void send('save')}>Save</Button>
      </div>
    </div>
  )
}
