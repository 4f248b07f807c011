import { NativeSelect, Switch } from '@mantine/core'
import { closingQuery } from '../../inbox/closing/closing'
import type { ClosingSettings } from '../../lib/types'
import { Panel } from '../parts/Panel'
import { WholeFields, WholePage, type Whole } from '../parts/WholePage'
import { Reasons } from './Reasons'
import { Silence } from './Silence'
import { Recommendation, Satisfaction } from './Surveys'
import s from './closing.module.css'

const ASKING = [
  { value: 'never', label: 'Never' },
  { value: 'optional', label: 'When somebody wants to say it' },
  { value: 'required', label: 'Always' },
]

export default function ClosingPage() {
  return (
    <WholePage
      title="Closing"
      text="How conversations end, what may end them, and how customers are asked about it."
      read="inbox.read"
      manage="inbox.manage"
      query={closingQuery}
      path="/closing"
      part={(stored) => stored}
      Body={Closing}
    />
  )
}

function Closing({ value: settings, set, mayManage }: Whole<ClosingSettings, ClosingSettings>) {
  return (
    <WholeFields label="Closing" mayManage={mayManage}>
      <Panel title="Reasons" text="Why a conversation was closed. Reports count them.">
        <div className={s.stack}>
          <NativeSelect
            label="Ask for a reason"
            data={ASKING}
            value={settings.ask_reason ?? 'optional'}
            onChange={(event) => set({ ask_reason: event.currentTarget.value as NonNullable<ClosingSettings['ask_reason']> })}
          />
          <Reasons reasons={settings.reasons ?? []} onChange={(reasons) => set({ reasons })} />
        </div>
      </Panel>
      <Panel title="Thanks">
        <Switch
          label="A word of thanks does not reopen"
          description="Short words such as “Thanks!”, “ok” or 👍, in many languages. A question, a number or anything longer always reopens. Each is noted in the thread, where one click reopens."
          checked={settings.thanks_keep_closed ?? true}
          onChange={(event) => set({ thanks_keep_closed: event.currentTarget.checked })}
        />
      </Panel>
      <Panel title="Reading">
        <Switch
          label="An answer makes it read for everybody"
          description="Each agent has their own unread messages. Switched off, a colleague's answer is still news for those who have not looked."
          checked={settings.read_when_answered ?? true}
          onChange={(event) => set({ read_when_answered: event.currentTarget.checked })}
        />
      </Panel>
      <Silence rules={settings.auto_close ?? []} onChange={(rules) => set({ auto_close: rules })} />
      <Satisfaction csat={settings.csat ?? {}} onChange={(csat) => set({ csat })} />
      <Recommendation nps={settings.nps ?? {}} onChange={(nps) => set({ nps })} />
    </WholeFields>
  )
}
