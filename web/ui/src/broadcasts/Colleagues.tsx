import { MultiSelect } from '@mantine/core'
import { useMembers } from '../inbox/presence'
import type { Broadcast } from '../lib/types'
import { Panel } from '../settings/parts/Panel'
import p from '../settings/parts/parts.module.css'
import type { StepProps } from './Composer'

/** Whose it is, who may change it and who says yes. */
export function Colleagues({ draft, change }: { draft: Broadcast; change: StepProps['change'] }) {
  const members = useMembers().filter((member) => member.status === 'active')
  const data = members.map(({ id, name }) => ({ value: id, label: name }))
  const { editors, approvers } = draft.plan
  return (
    <Panel title="Colleagues" text={`It belongs to ${draft.owner_name}. Everybody who may send or approve broadcasts may stop it.`}>
      <div className={p.pair}>
        <MultiSelect
          label="Who may change it"
          placeholder={editors.length === 0 ? 'Everybody who may write broadcasts' : ''}
          searchable
          clearable
          data={data}
          value={[...editors]}
          onChange={(chosen) => change({ editors: chosen })}
        />
        <MultiSelect
          label="Who approves it"
          placeholder={approvers.length === 0 ? 'As settled for all broadcasts' : ''}
          searchable
          clearable
          data={data}
          value={[...approvers]}
          onChange={(chosen) => change({ approvers: chosen })}
        />
      </div>
    </Panel>
  )
}
