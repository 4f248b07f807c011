import { NumberInput, Switch, Textarea } from '@mantine/core'
import type { PacingSettings } from '../../lib/types'
import { Panel } from '../parts/Panel'
import { WholeFields, WholePage, type Whole } from '../parts/WholePage'
import { Approval } from './Approval'
import { Caps } from './Caps'
import { Footer } from './Footer'
import { KillSwitch } from './KillSwitch'
import { QuietHours } from './QuietHours'
import { Suppressions } from './Suppressions'
import { Topics } from './Topics'
import { pacingQuery, type Settled } from './pacing'
import { within } from './within'
import s from './pacing.module.css'

const TITLE = 'Consent & pacing'

export default function PacingPage() {
  return (
    <WholePage
      title={TITLE}
      text="When and how often marketing may reach people, and who gets none. Answers to customers are never delayed."
      read="contacts.read"
      manage="consent.manage"
      query={pacingQuery}
      path="/pacing"
      part={(stored) => stored.settings}
      Body={Pacing}
    />
  )
}

function Pacing({ stored, value: settled, set, mayManage }: Whole<PacingSettings, Settled>) {
  return (
    <>
      <KillSwitch stopped={stored.stopped} mayManage={mayManage} />
      <WholeFields label={TITLE} mayManage={mayManage}>
        <QuietHours quiet={settled.quiet ?? {}} presets={stored.presets} onChange={(quiet) => set({ quiet })} />
        <Topics topics={settled.topics ?? []} onChange={(topics) => set({ topics })} />
        <Footer
          footer={settled.footer ?? {}}
          countries={stored.footer_countries}
          standard={stored.footer_words}
          onChange={(footer) => set({ footer })}
        />
        <Panel title="How long an agreement holds" text="For agreements to marketing without an end of their own, from now on. People can be asked again in time: Campaigns, Consent.">
          <NumberInput
            label="Ends after"
            description="0: it holds until it is ended."
            suffix=" days"
            min={0}
            max={3650}
            maw={320}
            value={settled.consent_days ?? 0}
            onChange={(days) => set({ consent_days: within(days, 0, 3650) })}
          />
        </Panel>
        <Panel title="A long silence" text="Numbers are given to others after a while. Who writes again after so long has to be verified before anything private is shown or marketed to them.">
          <NumberInput
            label="Ask who it is after"
            description="0: never."
            suffix=" months"
            min={0}
            max={120}
            maw={320}
            value={settled.silence_months ?? 12}
            onChange={(months) => set({ silence_months: within(months, 0, 120) })}
          />
        </Panel>
        <Caps caps={settled.caps ?? []} onChange={(caps) => set({ caps })} />
        <Panel title="Who is left out" text="Asked anew for every message, just before it goes.">
          <div className={s.stack}>
            <Switch
              label="Nobody with an open ticket"
              description="First their complaint, then offers."
              checked={settled.open_ticket ?? true}
              onChange={(event) => set({ open_ticket: event.currentTarget.checked })}
            />
            <NumberInput
              label="Control group"
              description="This share of all people gets no marketing at all, so that its effect can be measured against them."
              suffix=" %"
              min={0}
              max={50}
              maw={320}
              value={settled.control_percent ?? 0}
              onChange={(share) => set({ control_percent: within(share, 0, 50) })}
            />
          </div>
        </Panel>
        <Panel
          title="Perhaps a stop"
          text="Who writes something like “please stop texting me” gets no more marketing at once. Colleagues are asked in the conversation what was meant, and so is the customer:"
        >
          <Textarea
            label="What the customer is asked"
            description="Empty asks colleagues only."
            value={settled.hold_question ?? ''}
            onChange={(event) => set({ hold_question: event.currentTarget.value })}
            maxLength={500}
            minRows={2}
            autosize
          />
            <Textarea
              label="Answer to HELP"
              description="Where the provider does not answer it by itself. {business} is your name; empty answers nothing."
              value={settled.help_answer ?? ''}
              onChange={(event) => set({ help_answer: event.currentTarget.value })}
              maxLength={500}
              autosize
            />
        </Panel>
      </WholeFields>
      <Approval />
      <Suppressions mayManage={mayManage} />
    </>
  )
}
