import { NativeSelect, NumberInput, Switch, TextInput, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { api } from '../../lib/api'
import type { Account, ClosingSettings, Page, Template } from '../../lib/types'
import { Panel } from '../parts/Panel'
import s from './closing.module.css'

type Csat = NonNullable<ClosingSettings['csat']>
type Nps = NonNullable<ClosingSettings['nps']>

const ON_LOW = [
  { value: 'nothing', label: 'Do nothing' },
  { value: 'notify', label: 'Tell the colleague who had it' },
  { value: 'reopen', label: 'Reopen the conversation' },
]

export function Satisfaction({ csat, onChange }: { csat: Csat; onChange: (csat: Csat) => void }) {
  const set = (part: Partial<Csat>) => onChange({ ...csat, ...part })
  const labels = csat.labels ?? []
  return (
    <Panel title="Satisfaction" text="Asked in the channel after a conversation was closed by hand: by buttons where there are buttons, by digits elsewhere. Once for each episode; an answer does not reopen.">
      <div className={s.stack}>
        <Switch label="Ask how it was" checked={csat.enabled ?? false} onChange={(event) => set({ enabled: event.currentTarget.checked })} />
        {csat.enabled && (
          <>
            <div className={s.pair}>
              <NumberInput label="Minutes after closing" min={0} max={10_080} value={csat.delay_minutes ?? 1} onChange={(value) => set({ delay_minutes: Number(value) })} />
              <NumberInput label="Answers count for, hours" min={1} max={168} value={csat.answer_hours ?? 24} onChange={(value) => set({ answer_hours: Math.max(1, Number(value)) })} />
              <NumberInput label="Ask a person at most every, days" min={0} max={365} value={csat.cooldown_days ?? 7} onChange={(value) => set({ cooldown_days: Number(value) })} />
              <NumberInput label="Of all closed, percent" min={1} max={100} value={csat.sample_percent ?? 100} onChange={(value) => set({ sample_percent: Math.max(1, Number(value)) })} />
            </div>
            <Words label="Question, with buttons" value={csat.question} onChange={(question) => set({ question })} />
            <div className={s.labels}>
              {labels.map((label, at) => (
                <TextInput
                  key={at}
                  label={`Button ${at + 1}`}
                  value={label}
                  maxLength={20}
                  onChange={(event) => {
                    const text = event.currentTarget.value
                    set({ labels: labels.map((each, index) => (index === at ? text : each)) as Csat['labels'] & {} })
                  }}
                />
              ))}
            </div>
            <Words label="Question, with digits" value={csat.question_digits} onChange={(question_digits) => set({ question_digits })} />
            <Words label="Thanks" value={csat.thank_you} onChange={(thank_you) => set({ thank_you })} />
            <Words label="After a low score" value={csat.ask_why} onChange={(ask_why) => set({ ask_why })} />
            <div className={s.pair}>
              <NumberInput label="Low is up to" min={0} max={4} value={csat.low_score ?? 2} onChange={(value) => set({ low_score: Number(value) })} />
              <NativeSelect label="Then" data={ON_LOW} value={csat.on_low ?? 'notify'} onChange={(event) => set({ on_low: event.currentTarget.value as NonNullable<Csat['on_low']> })} />
            </div>
            <Templates chosen={csat.templates ?? {}} onChange={(templates) => set({ templates })} />
          </>
        )}
      </div>
    </Panel>
  )
}

export function Recommendation({ nps, onChange }: { nps: Nps; onChange: (nps: Nps) => void }) {
  const set = (part: Partial<Nps>) => onChange({ ...nps, ...part })
  return (
    <Panel title="Recommendation" text="Asked once in a customer's life, some time after their first message. 0 to 6 makes a ticket for who knows them, with their own words.">
      <div className={s.stack}>
        <Switch label="Ask whether they would recommend us" checked={nps.enabled ?? false} onChange={(event) => set({ enabled: event.currentTarget.checked })} />
        {nps.enabled && (
          <>
            <div className={s.pair}>
              <NumberInput label="Days after the first message" min={1} max={730} value={nps.after_days ?? 60} onChange={(value) => set({ after_days: Math.max(1, Number(value)) })} />
              <NumberInput label="Answers count for, hours" min={1} max={336} value={nps.answer_hours ?? 72} onChange={(value) => set({ answer_hours: Math.max(1, Number(value)) })} />
            </div>
            <Words label="Question" value={nps.question} onChange={(question) => set({ question })} />
            <Words label="Thanks" value={nps.thank_you} onChange={(thank_you) => set({ thank_you })} />
            <Words label="After 0 to 6" value={nps.ask_why} onChange={(ask_why) => set({ ask_why })} />
            <Templates chosen={nps.templates ?? {}} onChange={(templates) => set({ templates })} />
          </>
        )}
      </div>
    </Panel>
  )
}

function Words({ label, value, onChange }: { label: string; value: string | undefined; onChange: (text: string) => void }) {
  return <Textarea label={label} value={value ?? ''} onChange={(event) => onChange(event.currentTarget.value)} maxLength={1000} autosize />
}

interface TemplatesProps {
  chosen: NonNullable<Csat['templates']>
  onChange: (chosen: NonNullable<Csat['templates']>) => void
}

/** What goes out where the reply window is closed: an approved template of the account, or nothing. */
function Templates({ chosen, onChange }: TemplatesProps) {
  const { data: accounts } = useQuery({ queryKey: ['accounts'], queryFn: ({ signal }) => api.get<Page<Account>>('/accounts', signal).then((page) => page.items) })
  const { data: templates } = useQuery({ queryKey: ['templates', null], queryFn: ({ signal }) => api.get<Page<Template>>('/templates', signal).then((page) => page.items) })
  const having = (accounts ?? []).filter((account) => templates?.some((template) => template.account_id === account.id && template.status === 'APPROVED'))
  return having.map((account) => (
    <NativeSelect
      key={account.id}
      label={`Template of ${account.name}`}
      description="For those whose reply window is closed by then. It may have one variable: the first name."
      data={[
        { value: '', label: 'Do not ask them' },
        ...(templates ?? [])
          .filter((template) => template.account_id === account.id && template.status === 'APPROVED')
          .map(({ name, language }) => ({ value: `${name}/${language}`, label: `${name} (${language})` })),
      ]}
      value={chosen[account.id] ?? ''}
      onChange={(event) => {
        const { [account.id]: _, ...others } = chosen
        onChange(event.currentTarget.value ? { ...others, [account.id]: event.currentTarget.value } : others)
      }}
    />
  ))
}
