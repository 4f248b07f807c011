import { useMemo } from 'react'
import { useTags, useTeams } from '../inbox/list/choices'
import { useMembers } from '../inbox/presence'
import { useMe } from '../lib/session'

/** What fields that refer to something offer, by name. */
export function useThings() {
  const tags = useTags()
  const teams = useTeams()
  const members = useMembers()
  const me = useMe().member
  return useMemo(
    () => ({
      tag: tags.map((tag) => ({ value: tag.id, label: tag.name })),
      team: teams.map((team) => ({ value: team.id, label: team.name })),
      member: members.map((member) => ({ value: member.id, label: member.id === me.id ? `${member.name} (you)` : member.name })),
    }),
    [tags, teams, members, me.id],
  )
}
