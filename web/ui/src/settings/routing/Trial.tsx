import { Button, NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTeams } from '../../inbox/list/choices'
import { useMembers } from '../../inbox/presence'
import { api, messageOf } from '../../lib/api'
import type { Conversation, Page, RouteRule, RouteTrial } from '../../lib/types'
import { Problem } from '../parts/ConfirmDialog'
import { Panel } from '../parts/Panel'
import s from './routing.module.css'

const WHY: Record<RouteTrial['why'], string> = {
  given: '',
  nobody_free: 'nobody who is there and free may take it, so it would wait',
  closed: 'the team is closed now, so it would wait',
  taken_by_hand: 'people of the team take from its list',
  no_team: 'it would be on the list of those that nobody has',
}

/** Where a conversation would go by the rules as they are on the screen, and why; nothing is done with it. */
export function Trial({ items }: { items: RouteRule[] }) {
  const { data } = useQuery({
    queryKey: ['route-rules', 'examples'],
    queryFn: () => api.get<Page<Conversation>>('/conversations?view=all&limit=20'),
  })
  const [chosen, setChosen] = useState('')
  const [answer, setAnswer] = useState<RouteTrial | null>(null)
  const [problem, setProblem] = useState('')
  const id = chosen || data?.items[0]?.id
  if (!id) return null

  async function ask() {
    setProblem('')
    try {
      setAnswer(await api.post<RouteTrial>('/route-rules/try', { conversation_id: id, items }))
    } catch (error) {
      setAnswer(null)
      setProblem(messageOf(error))
    }
  }

  return (
    <Panel title="Try it" text="Where would this conversation go if it began now? Asks the rules as they are above, saved or not.">
      <div className={s.outcome}>
        <NativeSelect
          label="Conversation"
          value={id}
          onChange={(event) => {
            setChosen(event.currentTarget.value)
            setAnswer(null)
          }}
          data={(data?.items ?? []).map((each) => ({ value: each.id, label: `${each.contact.name}: ${each.last_entry?.text ?? ''}`.slice(0, 70) }))}
        />
        <Button variant="default" onClick={() => void ask()}>
          Where would it go?
        </Button>
      </div>
      <div role="status">{answer && <Answer answer={answer} items={items} />}</div>
      <Problem text={problem} />
    </Panel>
  )
}

function Answer({ answer, items }: { answer: RouteTrial; items: RouteRule[] }) {
  const teams = useTeams()
  const members = useMembers()
  const team = teams.find(({ id }) => id === answer.team_id)?.name
  const agent = members.find(({ id }) => id === answer.agent_id)?.name
  const decides = answer.decides === null ? null : items[answer.decides]
  const others = answer.holds.filter((at) => at !== answer.decides).map((at) => at + 1)
  return (
    <p className={s.answer}>
      {decides ? (
        <>
          Rule {(answer.decides ?? 0) + 1}, <b>{decides.name || 'without a name'}</b>, decides.{' '}
        </>
      ) : (
        'No rule holds. '
      )}
      {team ? (
        <>
          It goes to <b>{team}</b>
          {answer.by_account && ', the team of its account'}
          {agent ? (
            <>
              , and <b>{agent}</b> gets it
            </>
          ) : (
            `; ${WHY[answer.why]}`
          )}
          .
        </>
      ) : (
        `It has no team: ${WHY.no_team}.`
      )}
      {decides?.priority && ` Its priority is ${decides.priority}.`}
      {others.length > 0 && ` Rule ${others.join(', ')} would hold as well, and comes later.`}
    </p>
  )
}
