import { ActionIcon, Button, TextInput } from '@mantine/core'
import type { ClosingSettings } from '../../lib/types'
import { IconPlus, IconTrash } from '../../ui/icons'
import s from './closing.module.css'

type Reason = NonNullable<ClosingSettings['reasons']>[number]

export function Reasons({ reasons, onChange }: { reasons: Reason[]; onChange: (reasons: Reason[]) => void }) {
  return (
    <div className={s.stack}>
      {reasons.map((reason, at) => (
        <div key={at} className={s.line}>
          <TextInput
            aria-label={`Reason ${at + 1}`}
            value={reason.name}
            maxLength={60}
            onChange={(event) => {
              const name = event.currentTarget.value
              onChange(reasons.map((each, index) => (index === at ? { ...each, name } : each)))
            }}
          />
          <ActionIcon aria-label={`Remove ${reason.name}`} onClick={() => onChange(reasons.filter((_, index) => index !== at))}>
            <IconTrash size={16} />
          </ActionIcon>
        </div>
      ))}
      <Button className={s.add ?? ''} variant="default" size="xs" leftSection={<IconPlus size={14} />} onClick={() => onChange([...reasons, { id: '', name: '' }])}>
        Add a reason
      </Button>
    </div>
  )
}
