import { Button, NumberInput, Select, TagsInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { useAgents } from '../../inbox/availability'
import { api, messageOf } from '../../lib/api'
import { toast } from '../../lib/toast'
import type { Agent, Member } from '../../lib/types'
import { calendarsQuery } from '../calendars/calendars'
import { Problem } from '../parts/ConfirmDialog'
import { Dialog } from '../parts/Dialog'
import p from '../parts/parts.module.css'

const LANGUAGES = ['ar', 'de', 'en', 'es', 'fr', 'ha', 'hi', 'it', 'ig', 'nl', 'pl', 'pt', 'sw', 'tr', 'tw', 'yo', 'zu']

/** What a member can take on: skills, languages, how much at a time, when. */
export default function WorkDialog({ member, onClose }: { member: Member; onClose: () => void }) {
  const agents = useAgents()
  const agent = agents.find((each) => each.member_id === member.id)
  return (
    <Dialog onClose={onClose} title={`Work of ${member.name}`} size={500}>
      {agent && <WorkForm agent={agent} skills={[...new Set(agents.flatMap((each) => each.skills))]} onClose={onClose} />}
    </Dialog>
  )
}

function WorkForm({ agent, skills, onClose }: { agent: Agent; skills: string[]; onClose: () => void }) {
  const client = useQueryClient()
  const { data: calendars } = useQuery(calendarsQuery)
  const [value, setValue] = useState(agent)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setProblem('')
    try {
      const { skills, languages, capacity, calendar_id } = value
      await api.patch(`/agents/${agent.member_id}`, { skills, languages, capacity, calendar_id })
      await client.invalidateQueries({ queryKey: ['agents'] })
      toast('Saved.')
      onClose()
    } catch (error) {
      setProblem(messageOf(error))
      setBusy(false)
    }
  }

  return (
    <form className={p.dialog} onSubmit={(event) => void submit(event)}>
      <TagsInput
        label="Skills"
        placeholder="refunds"
        data={skills.toSorted()}
        value={value.skills}
        onChange={(next) => setValue({ ...value, skills: next })}
      />
      <TagsInput
        label="Languages"
        description="As codes of two letters"
        placeholder="en"
        data={LANGUAGES}
        value={value.languages}
        onChange={(next) => setValue({ ...value, languages: next.map((each) => each.toLowerCase()) })}
      />
      <NumberInput
        label="Points at a time"
        description="Empty: as for everybody; 0: nothing is given out to them."
        min={0}
        max={500}
        value={value.capacity ?? ''}
        onChange={(next) => setValue({ ...value, capacity: typeof next === 'number' ? next : null })}
      />
      <Select
        label="Schedule"
        placeholder="None"
        description="Outside these hours they count as away."
        clearable
        data={(calendars ?? []).map(({ id, name }) => ({ value: id, label: name }))}
        value={value.calendar_id}
        onChange={(calendar_id) => setValue({ ...value, calendar_id })}
      />
      <Problem text={problem} />
      <div className={p.dialogFoot}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={busy}>
          Save
        </Button>
      </div>
    </form>
  )
}
