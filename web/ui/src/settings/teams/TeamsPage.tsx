import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useAvailabilities } from '../../inbox/availability'
import { teamsQuery } from '../../inbox/list/choices'
import { useMembers } from '../../inbox/presence'
import { plural } from '../../lib/format'
import { useCan } from '../../lib/session'
import type { Team } from '../../lib/types'
import { Avatar } from '../../ui/Avatar'
import { IconPlus, IconUsersGroup } from '../../ui/icons'
import { useGoTo, useSettingsPath } from '../parts/useSettingsPath'
import { ListPage } from '../parts/ListPage'
import { ListLink } from '../parts/ListLink'
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
  return (
    <ListPage
      title={TITLE}
      text="Who answers what, and how conversations find somebody who is there."
      list={useQuery(teamsQuery)}
      empty={{
        icon: IconUsersGroup,
        title: 'No teams yet',
        text: 'Without teams everybody takes conversations from one list. A team can give them out by itself.',
      }}
      create={
        manages && (
          <Button leftSection={<IconPlus size={16} />} onClick={() => goTo('teams/new')}>
            Add a team
          </Button>
        )
      }
      columns={[
        { head: 'Team', cell: ({ id, name }) => <ListLink to={`teams/${id}`}>{name}</ListLink> },
        { head: 'Gives out', wide: true, cell: ({ strategy }) => STRATEGIES[strategy].label },
        { head: 'Members', cell: (team) => <Faces team={team} /> },
        {
          head: 'Queue',
          silent: true,
          end: true,
          cell: ({ id }) =>
            manages && (
              <Button variant="default" size="compact-sm" onClick={() => goTo(`teams/${id}/queue`)}>
                Queue
              </Button>
            ),
        },
      ]}
    >
      {manages && <RoutingRules />}
    </ListPage>
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
