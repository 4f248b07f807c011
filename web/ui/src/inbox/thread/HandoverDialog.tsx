import { Button, Select, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { messageOf } from '../../lib/api'
import { useMe } from '../../lib/session'
import type { Conversation } from '../../lib/types'
import { Problem } from '../../settings/parts/ConfirmDialog'
import { Dialog } from '../../settings/parts/Dialog'
import p from '../../settings/parts/parts.module.css'
import { handOver } from '../actions'
import { WORDS, routingQuery, useAvailabilities } from '../availability'
import { useTeams } from '../list/choices'
import { useMembers } from '../presence'

interface HandoverDialogProps {
  conversation: Conversation
  onClose: () => void
}

/** To another team or colleague, with what they have to know. */
export default function HandoverDialog({ conversation, onClose }: HandoverDialogProps) {
  const me = useMe().member
  const teams = useTeams()
  const members = useMembers().filter((member) => member.status === 'active' && member.id !== me.id)
  const availability = useAvailabilities()
  const { data: routing } = useQuery(routingQuery)
  const [clientId] = useState(() => crypto.randomUUID())
  const [team, setTeam] = useState<string | null>(conversation.team_id)
  const [member, setMember] = useState<string | null>(null)
  const [note, setNote] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const chosen = teams.find((each) => each.id === team)
  const offered = chosen && chosen.members.length > 0 ? members.filter(({ id }) => chosen.members.includes(id)) : members
  const to = members.find(({ id }) => id === member)
  const away = to && (availability(to.id) === 'away' || availability(to.id) === 'offline')
  const nowhere = team === conversation.team_id && member === conversation.assignee_id && !note.trim()

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setProblem('')
    try {
      await handOver(conversation, { client_id: clientId, team_id: team, member_id: member, note: note.trim() })
      onClose()
    } catch (error) {
      setProblem(messageOf(error))
      setBusy(false)
    }
  }

  return (
    <Dialog onClose={onClose} title="Hand over" size={500}>
      <form className={p.dialog} onSubmit={(event) => void submit(event)}>
        {teams.length > 0 && (
          <Select
            label="Team"
            placeholder="No team"
            clearable
            data={teams.map(({ id, name }) => ({ value: id, label: name }))}
            value={team}
            onChange={(next) => {
              setTeam(next)
              setMember(null)
            }}
          />
        )}
        <Select
          label="Colleague"
          placeholder={chosen ? `Whoever of ${chosen.name} is next` : 'Nobody'}
          clearable
          searchable
          data={offered.map(({ id, name }) => ({ value: id, label: `${name} · ${WORDS[availability(id)]}` }))}
          value={member}
          onChange={setMember}
        />
        {away && (
          <p className={p.prose} role="status">
            {to.name} is {WORDS[availability(to.id)].toLowerCase()}.
            {routing && routing.return_after_seconds > 0 && ' What they do not answer goes back to the queue.'}
          </p>
        )}
        <Textarea
          label="Note"
          description="For those who get it; customers never see it."
          placeholder="What is it about, what has been promised?"
          autosize
          minRows={3}
          maxRows={10}
          maxLength={20_000}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
          data-autofocus
        />
        <Problem text={problem} />
        <div className={p.dialogFoot}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={nowhere}>
            Hand over
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
