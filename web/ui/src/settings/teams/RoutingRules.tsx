import { Button, NumberInput, TagsInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { routingQuery } from '../../inbox/availability'
import { api, messageOf } from '../../lib/api'
import { toast } from '../../lib/toast'
import type { RoutingSettings } from '../../lib/types'
import { channelLabel } from '../../ui/ChannelIcon'
import { Problem } from '../parts/ConfirmDialog'
import { Panel } from '../parts/Panel'
import p from '../parts/parts.module.css'
import s from './teams.module.css'

const CHANNELS = ['whatsapp', 'sms', 'telegram', 'livechat']

/** What holds for all teams: how much a person can have at a time, and what happens to those who go. */
export function RoutingRules() {
  const { data } = useQuery(routingQuery)
  return data ? <Rules key={JSON.stringify(data)} rules={data} /> : null
}

function Rules({ rules }: { rules: RoutingSettings }) {
  const client = useQueryClient()
  const [value, setValue] = useState(rules)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const dirty = JSON.stringify(value) !== JSON.stringify(rules)

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setProblem('')
    try {
      await api.patch('/routing', value)
      await client.invalidateQueries({ queryKey: ['agents'] })
      toast('Saved.')
    } catch (error) {
      setProblem(messageOf(error))
    }
    setBusy(false)
  }

  return (
    <Panel
      title="For all teams"
      text="How much one person can have at a time, and what a conversation on each channel counts, in points."
    >
      <form className={p.form} onSubmit={(event) => void submit(event)} aria-label="Rules for all teams">
        <div className={s.row}>
          <NumberInput
            label="Each agent"
            min={1}
            max={500}
            value={value.capacity}
            onChange={(next) => typeof next === 'number' && setValue({ ...value, capacity: next })}
          />
          {CHANNELS.map((kind) => (
            <NumberInput
              key={kind}
              label={channelLabel(kind)}
              min={0}
              max={10}
              step={0.5}
              value={value.weights[kind] ?? 1}
              onChange={(next) => typeof next === 'number' && setValue({ ...value, weights: { ...value.weights, [kind]: next } })}
            />
          ))}
        </div>
        <div className={s.row}>
          <NumberInput
            label="Back to the queue after seconds"
            description="Unanswered conversations of who went away; 0 never."
            min={0}
            max={86_400}
            value={value.return_after_seconds}
            onChange={(next) => typeof next === 'number' && setValue({ ...value, return_after_seconds: next })}
          />
          <TagsInput
            label="Reasons for being away"
            value={value.away_reasons}
            onChange={(away_reasons) => setValue({ ...value, away_reasons })}
          />
        </div>
        <Problem text={problem} />
        <div className={p.formFoot}>
          <Button type="submit" loading={busy} disabled={!dirty}>
            Save
          </Button>
        </div>
      </form>
    </Panel>
  )
}
