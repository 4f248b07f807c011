import { Button, NumberInput, Switch } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import h from '../../contacts/contactHealth.module.css'
import { healthSettingsQuery } from '../../contacts/contactHealth'
import { api, messageOf } from '../../lib/api'
import { count } from '../../lib/format'
import { useCan } from '../../lib/session'
import { toast } from '../../lib/toast'
import type { ContactHealthSettings } from '../../lib/types'
import { within } from '../pacing/within'
import { Problem } from '../parts/ConfirmDialog'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { Panel } from '../parts/Panel'
import { FailedPage, ForbiddenPage } from '../parts/States'

const TITLE = 'Contact health'
type Settled = ContactHealthSettings['settings']
type Weights = Required<NonNullable<Settled['weights']>>

const USUAL: Weights = { contact: 25, satisfaction: 25, tickets: 20, broadcasts: 15, consent: 15 }
const PARTS: { name: keyof Weights; label: string; text: string }[] = [
  { name: 'contact', label: 'When they wrote last', text: 'Full within 30 days, nothing left after a year.' },
  { name: 'satisfaction', label: 'Answers to surveys', text: 'The last three within 180 days.' },
  { name: 'tickets', label: 'Tickets', text: 'Open ones, late ones, and those solved too late.' },
  { name: 'broadcasts', label: 'Broadcasts', text: 'How many they clicked in or answered in 90 days.' },
  { name: 'consent', label: 'Stops and blocks', text: 'What they have asked us to stop.' },
]

export default function ContactHealthPage() {
  const mayRead = useCan('contacts.read')
  const { data, error, refetch } = useQuery({ ...healthSettingsQuery, enabled: mayRead })
  if (!mayRead) return <ForbiddenPage title={TITLE} />
  if (error && !data) return <FailedPage title={TITLE} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton title={TITLE} />
  return <Form key={JSON.stringify(data.settings)} stored={data} />
}

function Form({ stored }: { stored: ContactHealthSettings }) {
  const client = useQueryClient()
  const mayManage = useCan('inbox.manage')
  const [settled, setSettled] = useState<Settled>(stored.settings)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const set = (change: Partial<Settled>) => setSettled((now) => ({ ...now, ...change }))
  const weights = { ...USUAL, ...settled.weights }

  async function save() {
    setBusy(true)
    setProblem('')
    try {
      client.setQueryData(healthSettingsQuery.queryKey, await api.put<ContactHealthSettings>('/contact-health', settled))
      toast('Saved')
    } catch (error) {
      setProblem(messageOf(error))
    }
    setBusy(false)
  }

  return (
    <>
      <Heading
        title={TITLE}
        text="A score from 0 to 100 for every contact, with its reasons, and who may be about to leave. Segments and lists can ask for both."
        actions={
          mayManage && (
            <Button onClick={() => void save()} loading={busy} disabled={settled === stored.settings}>
              Save
            </Button>
          )
        }
      />
      <Problem text={problem} />
      <fieldset className={h.form} disabled={!mayManage}>
        <legend className="visually-hidden">{TITLE}</legend>
        <Panel title="Scores" text={stored.running ? `All contacts are being looked through: ${count(stored.looked_at)} so far.` : `Everybody is looked at once a day, and whoever has news within seconds.`}>
          <Switch label="Work out scores" checked={settled.enabled ?? true} onChange={(event) => set({ enabled: event.currentTarget.checked })} />
        </Panel>
        <Panel title="What counts, and how much" text="Beside each other; 0 leaves a part out. A part of which nothing is known of somebody does not count for them.">
          <div className={h.weights}>
            {PARTS.map(({ name, label, text }) => (
              <NumberInput
                key={name}
                label={label}
                inputWrapperOrder={['label', 'input', 'description', 'error']}
                description={text}
                min={0}
                max={100}
                value={weights[name]}
                onChange={(value) => set({ weights: { ...weights, [name]: within(value, 0, 100) } })}
              />
            ))}
          </div>
        </Panel>
        <Panel title="Risk of leaving" text="By the score.">
          <div className={h.weights}>
            <NumberInput label="High below" min={0} max={100} value={settled.high_below ?? 40} onChange={(value) => set({ high_below: within(value, 0, 100) })} />
            <NumberInput label="Medium below" min={0} max={100} value={settled.medium_below ?? 60} onChange={(value) => set({ medium_below: within(value, 0, 100) })} />
          </div>
        </Panel>
      </fieldset>
    </>
  )
}
