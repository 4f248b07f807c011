import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useAvailabilities } from '../../inbox/availability'
import { teamsQuery } from '../../inbox/list/choices'
import { useMembers } from '../../inbox/presence'
import { plural } from '../../lib/format'
import { useCan } from '../../lib/session'
import type { Team } from '../../lib/types'
import { Avatar } from '../../ui/Avatar'
import { EmptyState } from '../../ui/EmptyState'
import { IconPlus, IconUsersGroup } from '../../ui/icons'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { SettingsLink } from '../parts/SettingsLink'
import { FailedPage } from '../parts/States'
import p from '../parts/parts.module.css'
import { useGoTo, useSettingsPath } from '../parts/useSettingsPath'
import { QueuePage } from './QueuePage'
import { RoutingRules } from './RoutingRules'
import { TeamPage } from './TeamPage'
import { STRATEGIES } from './strategies'
import s from './teams.module.css'

const TITLE = 'Teams'
const MOST_FACES = 5

/** `teams`, `teams/new`, `teams/tea_1`, `teams/tea_1/queue` */
export default function TeamsPage() {
  const [id, part] = useSettingsPath()
  if (id === undefined) return <TeamList />
  return part === 'queue' ? <QueuePage key={id} id={id} /> : <TeamPage key={id} id={id} />
}

function TeamList() {
  const manages = useCan('inbox.manage')
  const goTo = useGoTo()
  const { data, error, refetch } = useQuery(teamsQuery)
  if (error && !data) return <FailedPage title={TITLE} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton title={TITLE} />
  const create = manages && (
    <Button leftSection={<IconPlus size={16} />} onClick={() => goTo('teams/new')}>
      Add a team
    </Button>
  )
  return (
    <>
      <Heading
        title={TITLE}
        text="Who answers what, and how conversations find somebody who is there."
        actions={data.length > 0 && create}
      />
      <section className={s.list} aria-label={TITLE}>
        {data.length === 0 ? (
          <EmptyState
            icon={IconUsersGroup}
            title="No teams yet"
            text="Without teams everybody takes conversations from one list. A team can give them out by itself."
            action={create}
          />
        ) : (
          <div className={p.tableWrap}>
            <table className={p.table} aria-label={TITLE}>
              <thead>
                <tr>
                  <th>Team</th>
                  <th data-wide>Gives out</th>
                  <th>Members</th>
                  <th data-end>
                    <span className="visually-hidden">Queue</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {data.map((team) => (
                  <tr key={team.id}>
                    <td>
                      <SettingsLink to={`teams/${team.id}`} className={s.name}>
                        {team.name}
                      </SettingsLink>
                    </td>
                    <td data-wide>{STRATEGIES[team.strategy].label}</td>
                    <td>
                      <Faces team={team} />
                    </td>
                    <td data-end>
                      {manages && (
                        <Button variant="default" size="compact-sm" onClick={() => goTo(`teams/${team.id}/queue`)}>
                          Queue
                        </Button>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
      {manages && <RoutingRules />}
    </>
  )
}

function Faces({ team }: { team: Team }) {
  const availability = useAvailabilities()
  const members = useMembers().filter(({ id }) => team.members.includes(id))
  const there = members.filter(({ id }) => availability(id) === 'online').length
  return (
    <div className={s.faces}>
      {members.slice(0, MOST_FACES).map(({ id, name, avatar_hue }) => (
        <span key={id} title={name}>
          <Avatar name={name} hue={avatar_hue} size={24} presence={availability(id)} />
        </span>
      ))}
      <span className={s.count}>
        {plural(team.members.length, 'member')}, {there} online
      </span>
    </div>
  )
}
