import { ActionIcon, Button, MultiSelect, TagsInput } from '@mantine/core'
import { useAgents } from '../../inbox/availability'
import type { SkillNeed } from '../../lib/types'
import { channelLabel } from '../../ui/ChannelIcon'
import { IconPlus, IconTrash } from '../../ui/icons'
import s from './teams.module.css'

const CHANNELS = ['whatsapp', 'sms', 'telegram', 'livechat'].map((value) => ({ value, label: channelLabel(value) }))
const PRIORITIES = [
  { value: 'urgent', label: 'Urgent' },
  { value: 'high', label: 'High' },
  { value: 'normal', label: 'Normal' },
  { value: 'low', label: 'Low' },
]

/** Which conversations want which skills. */
export function NeedsEditor({ needs, onChange }: { needs: SkillNeed[]; onChange: (needs: SkillNeed[]) => void }) {
  const known = [...new Set(useAgents().flatMap((agent) => agent.skills))].toSorted()
  const set = (at: number, part: Partial<SkillNeed>) =>
    onChange(needs.map((need, index) => (index === at ? { ...need, ...part } : need)))
  return (
    <div className={s.needs} role="group" aria-label="Skills">
      {needs.map((need, at) => (
        <div key={at} className={s.need} role="group" aria-label={`Rule ${at + 1}`}>
          <MultiSelect
            label="Channels"
            placeholder={need.channels?.length ? '' : 'Any'}
            data={CHANNELS}
            value={need.channels ?? []}
            onChange={(channels) => set(at, { channels })}
          />
          <MultiSelect
            label="Priority"
            placeholder={need.priorities?.length ? '' : 'Any'}
            data={PRIORITIES}
            value={need.priorities ?? []}
            onChange={(priorities) => set(at, { priorities: priorities as NonNullable<SkillNeed['priorities']> })}
          />
          <TagsInput
            label="Want these skills"
            placeholder="refunds"
            data={known}
            value={need.skills}
            onChange={(skills) => set(at, { skills })}
          />
          <ActionIcon aria-label={`Remove rule ${at + 1}`} onClick={() => onChange(needs.filter((_, index) => index !== at))}>
            <IconTrash size={16} />
          </ActionIcon>
        </div>
      ))}
      <Button
        variant="default"
        size="compact-sm"
        leftSection={<IconPlus size={14} />}
        disabled={needs.length >= 20}
        onClick={() => onChange([...needs, { skills: [], channels: [], languages: [], priorities: [] }])}
      >
        Add a rule by skill
      </Button>
    </div>
  )
}
