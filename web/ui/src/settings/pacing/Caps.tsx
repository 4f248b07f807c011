import { ActionIcon, Button, NativeSelect, NumberInput, Switch } from '@mantine/core'
import { CHANNEL_ORDER, channelLabel } from '../../ui/ChannelIcon'
import { IconPlus, IconTrash } from '../../ui/icons'
import { Panel } from '../parts/Panel'
import type { Cap } from './pacing'
import s from './pacing.module.css'
import { within } from './within'

/** At most so many marketing messages in so many days. */
export function Caps({ caps, onChange }: { caps: readonly Cap[]; onChange: (caps: Cap[]) => void }) {
  const change = (at: number, part: Partial<Cap>) => onChange(caps.map((cap, index) => (index === at ? { ...cap, ...part } : cap)))
  return (
    <Panel
      title="Caps"
      text="How many marketing messages may reach one person, over all campaigns. All caps hold."
      actions={
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} />}
          onClick={() => onChange([...caps, { most: 4, days: 7, channel: null, rolling: false }])}
        >
          Add a cap
        </Button>
      }
    >
      {caps.length === 0 && <p className={s.none}>No cap: every campaign reaches everybody it is meant for.</p>}
      <ul className={s.caps}>
        {caps.map((cap, at) => (
          <li key={at}>
            <NumberInput label="At most" min={1} max={1000} value={cap.most ?? 1} onChange={(most) => change(at, { most: within(most, 1, 1000) })} />
            <NumberInput label="In" suffix=" days" min={1} max={90} value={cap.days ?? 1} onChange={(days) => change(at, { days: within(days, 1, 90) })} />
            <NativeSelect
              label="On"
              data={[{ value: '', label: 'All channels together' }, ...CHANNEL_ORDER.map((channel) => ({ value: channel, label: channelLabel(channel) }))]}
              value={cap.channel ?? ''}
              onChange={(event) => change(at, { channel: event.currentTarget.value || null })}
            />
            <Switch label="Rolling" title="Counts hours back from now, rather than the person's calendar days" checked={cap.rolling ?? false} onChange={(event) => change(at, { rolling: event.currentTarget.checked })} />
            <ActionIcon aria-label={`Remove cap ${at + 1}`} onClick={() => onChange(caps.filter((_, index) => index !== at))}>
              <IconTrash size={16} />
            </ActionIcon>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
