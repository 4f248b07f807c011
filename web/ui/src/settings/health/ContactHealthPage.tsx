import { NumberInput, Switch } from '@mantine/core'
import h from '../../contacts/contactHealth.module.css'
import { healthSettingsQuery } from '../../contacts/contactHealth'
import { count } from '../../lib/format'
import type { ContactHealthSettings } from '../../lib/types'
import { within } from '../pacing/within'
import { Panel } from '../parts/Panel'
import { WholeFields, WholePage, type Whole } from '../parts/WholePage'

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
  return (
    <WholePage
      title={TITLE}
      text="A score from 0 to 100 for every contact, with its reasons, and who may be about to leave. Segments and lists can ask for both."
      read="contacts.read"
      manage="inbox.manage"
      query={healthSettingsQuery}
      path="/contact-health"
      part={(stored) => stored.settings}
      Body={Scores}
    />
  )
}

function Scores({ stored, value: settled, set, mayManage }: Whole<ContactHealthSettings, Settled>) {
  const weights = { ...USUAL, ...settled.weights }
  return (
    <WholeFields label={TITLE} mayManage={mayManage}>
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
    </WholeFields>
  )
}
