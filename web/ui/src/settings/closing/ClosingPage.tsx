import { Button, NativeSelect, Switch } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { closingQuery } from '../../inbox/closing/closing'
import { api, messageOf } from '../../lib/api'
import { useCan } from '../../lib/session'
import { toast } from '../../lib/toast'
import type { ClosingSettings } from '../../lib/types'
import { Problem } from '../parts/ConfirmDialog'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { Panel } from '../parts/Panel'
import { FailedPage, ForbiddenPage } from '../parts/States'
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
  const mayRead = useCan('inbox.read')
  const { data, error, refetch, dataUpdatedAt } = useQuery({ ...closingQuery, enabled: mayRead })
  if (!mayRead) return <ForbiddenPage title="Closing" />
  if (error && !data) return <FailedPage title="Closing" error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton title="Closing" />
  // A colleague's change gives the page a fresh form.
  return <Page key={dataUpdatedAt} stored={data} />
}

function Page({ stored }: { stored: ClosingSettings }) {
  const client = useQueryClient()
  const mayManage = useCan('inbox.manage')
  const [settings, setSettings] = useState(stored)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const set = (change: Partial<ClosingSettings>) => setSettings((now) => ({ ...now, ...change }))

  async function save() {
    setBusy(true)
    setProblem('')
    try {
      client.setQueryData(closingQuery.queryKey, await api.put<ClosingSettings>('/closing', settings))
      toast('Saved')
    } catch (error) {
      setProblem(messageOf(error))
      setBusy(false)
    }
  }

  return (
    <>
      <Heading
        title="Closing"
        text="How conversations end, what may end them, and how customers are asked about it."
        actions={
          mayManage && (
            <Button onClick={() => void save()} loading={busy} disabled={settings === stored}>
              Save
            </Button>
          )
        }
      />
      <Problem text={problem} />
      <fieldset className={s.form} disabled={!mayManage}>
        <legend className="visually-hidden">Closing</legend>
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
      </fieldset>
    </>
  )
}
