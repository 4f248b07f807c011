import { ActionIcon, Button, TagsInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useAgents } from '../../inbox/availability'
import { useTags } from '../../inbox/list/choices'
import { api } from '../../lib/api'
import type { Catalogue, FieldProblem, SkillNeed } from '../../lib/types'
import { RuleBuilder } from '../../rules/RuleBuilder'
import { asGroup, type Rule } from '../../rules/rules'
import { IconPlus, IconTrash } from '../../ui/icons'
import s from './teams.module.css'

interface NeedsEditorProps {
  needs: SkillNeed[]
  problems: FieldProblem[]
  onChange: (needs: SkillNeed[]) => void
}

/** Which conversations want which skills. */
export function NeedsEditor({ needs, problems, onChange }: NeedsEditorProps) {
  const { data: catalogue } = useQuery({
    queryKey: ['teams', 'catalogue'],
    queryFn: () => api.get<Catalogue>('/teams/catalogue'),
    staleTime: Infinity,
  })
  const known = [...new Set(useAgents().flatMap((agent) => agent.skills))].toSorted()
  const tags = useTags()
  const things = useMemo(() => ({ tag: tags.map((tag) => ({ value: tag.id, label: tag.name })) }), [tags])
  const set = (at: number, part: Partial<SkillNeed>) =>
    onChange(needs.map((need, index) => (index === at ? { ...need, ...part } : need)))
  return (
    <div className={s.needs} role="group" aria-label="Skills">
      {catalogue &&
        needs.map((need, at) => (
          <div key={at} className={s.need} role="group" aria-label={`Rule ${at + 1}`}>
            <RuleBuilder
              catalogue={catalogue}
              rule={asGroup(need.rule as unknown as Rule)}
              things={things}
              problems={problems
                .filter(({ field }) => field.startsWith(`needs.${at}.`))
                .map((problem) => ({ ...problem, field: problem.field.replace(`needs.${at}.`, '') }))}
              onChange={(rule) => set(at, { rule: rule as unknown as SkillNeed['rule'] })}
            />
            <div className={s.row}>
              <TagsInput
                label="Only for members with all these skills"
                placeholder="refunds"
                data={known}
                value={need.skills}
                onChange={(skills) => set(at, { skills })}
              />
              <ActionIcon className={s.remove} aria-label={`Remove rule ${at + 1}`} onClick={() => onChange(needs.filter((_, index) => index !== at))}>
                <IconTrash size={16} />
              </ActionIcon>
            </div>
          </div>
        ))}
      <Button
        variant="default"
        size="compact-sm"
        leftSection={<IconPlus size={14} />}
        disabled={needs.length >= 20}
        onClick={() => onChange([...needs, { skills: [], rule: { field: 'priority', op: 'is', value: 'urgent' } as unknown as SkillNeed['rule'] }])}
      >
        Add a rule by skill
      </Button>
    </div>
  )
}
