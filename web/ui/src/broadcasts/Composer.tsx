import { Button, Menu, TextInput } from '@mantine/core'
import { useState } from 'react'
import { CampaignLink, useCampaign } from '../campaigns/CampaignLink'
import { Head } from '../campaigns/Head'
import { api } from '../lib/api'
import { toast } from '../lib/toast'
import type { Broadcast } from '../lib/types'
import { ConfirmDialog, Problem } from '../settings/parts/ConfirmDialog'
import p from '../settings/parts/parts.module.css'
import { Badge } from '../ui/Badge'
import { IconCheck, IconDots } from '../ui/icons'
import { CheckStep } from './CheckStep'
import { SendStep } from './SendStep'
import { WhatStep } from './WhatStep'
import { WhenStep } from './WhenStep'
import { WhoStep } from './WhoStep'
import { STATES, listsChanged } from './broadcasts'
import { clone } from './again'
import { lacking } from './ready'
import { useDraft, type DraftChange } from './useDraft'
import s from './broadcasts.module.css'

export interface StepProps {
  draft: Broadcast
  change: (part: DraftChange) => void
  /** everything written is stored; false where the server refused it */
  flush: () => Promise<boolean>
  /** nothing waits to be stored */
  stored: boolean
}

const STEPS = [
  { key: 'who', label: 'Who', Step: WhoStep },
  { key: 'what', label: 'What', Step: WhatStep },
  { key: 'when', label: 'When', Step: WhenStep },
  { key: 'check', label: 'Check', Step: CheckStep },
  { key: 'send', label: 'Send', Step: SendStep },
] as const

/** Five steps that can be left and come back to: what is written is stored by itself. */
export function Composer({ stored, step }: { stored: Broadcast; step: string | undefined }) {
  const { draft, change, flush, saving, problem, pending } = useDraft(stored)
  const { plan } = draft
  const goTo = useCampaign()
  const [deleting, setDeleting] = useState(false)
  const settled = draft.state !== 'draft'
  const found = STEPS.findIndex((each) => each.key === step)
  const at = found >= 0 ? found : settled ? STEPS.length - 1 : 0
  const { key, Step } = STEPS[at]!
  const [before, after] = [STEPS[at - 1], STEPS[at + 1]]
  const editable = draft.may.edit

  async function move(to: string) {
    await flush()
    goTo(`broadcasts/${draft.id}/${to}`)
  }

  async function remove() {
    await api.delete(`/broadcasts/${draft.id}`)
    listsChanged()
    toast(`“${plan.name}” deleted`)
    goTo('broadcasts')
  }

  return (
    <>
      <Head
        title={plan.name || 'New broadcast'}
        back={{ to: 'broadcasts', label: 'Broadcasts' }}
        text={
          <>
            <Badge tone={STATES[draft.state].tone}>{STATES[draft.state].label}</Badge>{' '}
            <span role="status">{problem ? '' : saving || pending ? 'Saving…' : editable ? 'Saved' : ''}</span>
          </>
        }
        actions={
          <Menu position="bottom-end">
            <Menu.Target>
              <Button variant="default" aria-label="More about this broadcast" px={9}>
                <IconDots size={17} />
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => void clone(draft, goTo)}>Make a copy</Menu.Item>
              {draft.may.delete && (
                <Menu.Item className={p.dangerItem ?? ''} onClick={() => setDeleting(true)}>
                  Delete…
                </Menu.Item>
              )}
            </Menu.Dropdown>
          </Menu>
        }
      />
      <nav className={s.steps} aria-label="Steps">
        <ol>
          {STEPS.map((each, index) => (
            <li key={each.key}>
              <CampaignLink to={`broadcasts/${draft.id}/${each.key}`} {...(each.key === key && { 'aria-current': 'page' as const })}>
                <i data-done={isDone(draft, each.key) || undefined} aria-hidden>
                  {isDone(draft, each.key) ? <IconCheck size={13} stroke={2.5} /> : index + 1}
                </i>
                {each.label}
                {isDone(draft, each.key) && <span className="visually-hidden">, ready</span>}
              </CampaignLink>
            </li>
          ))}
        </ol>
      </nav>
      <Problem text={problem} />
      {key === 'who' && (
        <TextInput
          label="Name"
          description="For colleagues; customers do not see it."
          maxLength={120}
          maw={460}
          value={plan.name}
          disabled={!editable}
          onChange={(event) => change({ name: event.currentTarget.value })}
        />
      )}
      <fieldset className={p.fieldset} disabled={!editable && key !== 'check' && key !== 'send'}>
        <legend className="visually-hidden">{STEPS[at]!.label}</legend>
        <Step draft={draft} change={change} flush={flush} stored={!saving && !pending} />
      </fieldset>
      <footer className={s.stepFoot}>
        {before && (
          <Button variant="default" onClick={() => void move(before.key)}>
            Back to {before.label.toLowerCase()}
          </Button>
        )}
        <span />
        {after && (
          <Button onClick={() => void move(after.key)}>
            {after.key === 'check' ? 'Check who gets it' : `Next: ${after.label.toLowerCase()}`}
          </Button>
        )}
      </footer>
      {deleting && (
        <ConfirmDialog title={`Delete “${plan.name}”?`} confirm="Delete" onConfirm={remove} onClose={() => setDeleting(false)}>
          <p>Nothing of it was sent. It cannot be brought back.</p>
        </ConfirmDialog>
      )}
    </>
  )
}

const isDone = (draft: Broadcast, step: string): boolean => step !== 'check' && step !== 'send' && lacking(draft).every((each) => each.step !== step)
