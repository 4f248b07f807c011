import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { WORDS, useAvailabilities } from '../../inbox/availability'
import { teamsQuery } from '../../inbox/list/choices'
import { useMembers } from '../../inbox/presence'
import { api } from '../../lib/api'
import { plural } from '../../lib/format'
import { useCan } from '../../lib/session'
import type { TeamQueue } from '../../lib/types'
import { Avatar } from '../../ui/Avatar'
import { Badge } from '../../ui/Badge'
import { ChannelIcon } from '../../ui/ChannelIcon'
import { EmptyState } from '../../ui/EmptyState'
import { IconCircleCheck } from '../../ui/icons'
import { Ago } from '../parts/Ago'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { Panel } from '../parts/Panel'
import { FailedPage, ForbiddenPage } from '../parts/States'
import p from '../parts/parts.module.css'
import s from './teams.module.css'

/** Who of a team is there with how much, and what waits. */
export function QueuePage({ id }: { id: string }) {
  const allowed = useCan('inbox.manage')
  const { data: teams } = useQuery(teamsQuery)
  const { data, error, refetch } = useQuery({
    queryKey: ['teams', 'queue', id],
    queryFn: () => api.get<TeamQueue>(`/teams/${id}/queue`),
    enabled: allowed,
    refetchInterval: 5_000,
  })
  const members = useMembers()
  const availability = useAvailabilities()
  const back = { to: `teams/${id}`, label: teams?.find((team) => team.id === id)?.name ?? 'Team' }
  if (!allowed) return <ForbiddenPage title="Queue" />
  if (error && !data) return <FailedPage title="Queue" back={back} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton title="Queue" />
  const oldest = data.waiting.map(({ since }) => since ?? '').toSorted()[0]
  return (
    <>
      <Heading
        title="Queue"
        back={back}
        text={
          data.total > 0 ? (
            <>
              {plural(data.total, 'conversation')} waiting, the oldest since <Ago at={oldest} />
            </>
          ) : (
            'Nobody is waiting.'
          )
        }
      />
      <Panel title="At work" flush>
        <div className={p.tableWrap}>
          <table className={p.table} aria-label="At work">
            <thead>
              <tr>
                <th>Member</th>
                <th>Is</th>
                <th>Load</th>
                <th data-wide>Open</th>
              </tr>
            </thead>
            <tbody>
              {data.desks.map(({ member_id, held, load, capacity }) => {
                const member = members.find((each) => each.id === member_id)
                const is = availability(member_id)
                return (
                  <tr key={member_id}>
                    <td>
                      <span className={s.person}>
                        <Avatar name={member?.name ?? ''} hue={member?.avatar_hue ?? 0} size={26} presence={is} />
                        {member?.name ?? 'Former member'}
                      </span>
                    </td>
                    <td>
                      <Badge tone={is === 'online' ? 'ok' : is === 'busy' ? 'danger' : 'neutral'}>{WORDS[is]}</Badge>
                    </td>
                    <td>
                      <span className={s.load}>
                        <meter min={0} max={Math.max(capacity, 1)} value={load} aria-label={`Load of ${member?.name ?? ''}`} />
                        {load} of {capacity}
                      </span>
                    </td>
                    <td data-wide>{held}</td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        </div>
      </Panel>
      <Panel title="Waiting" text="In the order in which they are given out." flush>
        {data.waiting.length === 0 ? (
          <EmptyState icon={IconCircleCheck} title="Nobody is waiting" text="Whoever writes next is shown here until somebody has them." />
        ) : (
          <ol className={s.waiting} aria-label="Waiting">
            {data.waiting.map((item) => (
              <li key={item.conversation_id}>
                <Link to="/inbox/$conversationId" params={{ conversationId: item.conversation_id }}>
                  {item.contact_name}
                </Link>
                {item.channel && <ChannelIcon channel={item.channel} size={15} />}
                {item.priority !== 'normal' && <Badge tone={item.priority === 'urgent' ? 'danger' : 'warn'}>{item.priority}</Badge>}
                <span>
                  waits since <Ago at={item.since} />
                </span>
              </li>
            ))}
          </ol>
        )}
      </Panel>
    </>
  )
}
