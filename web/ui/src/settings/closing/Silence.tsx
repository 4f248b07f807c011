import { ActionIcon, Button, NativeSelect, NumberInput, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { api } from '../../lib/api'
import type { AutoClose } from '../../lib/types'
import { CHANNEL_ORDER, channelLabel } from '../../ui/ChannelIcon'
import { IconPlus, IconTrash } from '../../ui/icons'
import { Panel } from '../parts/Panel'
import s from './closing.module.css'

interface SilenceProps {
  rules: AutoClose[]
  onChange: (rules: AutoClose[]) => void
}

/** Closing by itself when a customer does not answer. */
export function Silence({ rules, onChange }: SilenceProps) {
  const { data: teams } = useQuery({
    queryKey: ['teams'],
    queryFn: ({ signal }) => api.get<{ items: { id: string; name: string }[] }>('/teams', signal),
  })
  const change = (at: number, part: Partial<AutoClose>) => onChange(rules.map((rule, index) => (index === at ? { ...rule, ...part } : rule)))
  return (
    <Panel
      title="Silence"
      text="Closes a conversation when the customer does not answer us, after a warning. The first rule that fits holds, from our next answer on. Where the reply window is closed, it closes without a word."
      actions={
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} />}
          onClick={() =>
            onChange([...rules, { channel: null, team_id: null, after_minutes: 1440, close_minutes: 60, warning: 'Are you still there? We shall close this conversation soon; just write if you need anything.' }])
          }
        >
          Add a rule
        </Button>
      }
    >
      {rules.map((rule, at) => (
        <div key={at} className={s.rule}>
          <div className={s.pair}>
            <NativeSelect
              label="On"
              data={[{ value: '', label: 'Every channel' }, ...CHANNEL_ORDER.map((channel) => ({ value: channel, label: channelLabel(channel) }))]}
              value={rule.channel ?? ''}
              onChange={(event) => change(at, { channel: event.currentTarget.value || null })}
            />
            <NativeSelect
              label="For"
              data={[{ value: '', label: 'Every team' }, ...(teams?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))]}
              value={rule.team_id ?? ''}
              onChange={(event) => change(at, { team_id: event.currentTarget.value || null })}
            />
            <NumberInput
              label="Warn after"
              suffix=" h"
              min={1}
              max={1440}
              value={Math.round((rule.after_minutes ?? 1440) / 60)}
              onChange={(hours) => change(at, { after_minutes: Math.max(1, Number(hours)) * 60 })}
            />
            <NumberInput
              label="Close after another"
              suffix=" min"
              min={1}
              max={43_200}
              value={rule.close_minutes ?? 60}
              onChange={(minutes) => change(at, { close_minutes: Math.max(1, Number(minutes)) })}
            />
          </div>
          <Textarea
            label="Warning"
            description="Empty closes without one."
            value={rule.warning ?? ''}
            onChange={(event) => change(at, { warning: event.currentTarget.value })}
            maxLength={1000}
            autosize
          />
          <ActionIcon className={s.remove ?? ''} aria-label={`Remove rule ${at + 1}`} onClick={() => onChange(rules.filter((_, index) => index !== at))}>
            <IconTrash size={16} />
          </ActionIcon>
        </div>
      ))}
      {rules.length === 0 && <p className={s.none}>Nothing closes by itself.</p>}
    </Panel>
  )
}
