import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { api } from '../../lib/api'
import type { Catalogue, FieldProblem } from '../../lib/types'
import { RuleBuilder } from '../../rules/RuleBuilder'
import { asGroup, type Rule } from '../../rules/rules'
import { useThings } from '../../views/useThings'
import { IconPlus, IconTrash } from '../../ui/icons'
import s from './macros.module.css'

interface ConditionProps {
  /** what it is about: "this macro", "action 2" */
  of: string
  rule: Rule | null
  problems: FieldProblem[]
  onChange: (rule: Rule | null) => void
}

const FIRST: Rule = { all: [{ field: 'priority', op: 'is', value: 'urgent' }] }

/** Where a macro or one of its actions is done; nothing says everywhere. */
export function Condition({ of, rule, problems, onChange }: ConditionProps) {
  const { data: catalogue } = useQuery({
    queryKey: ['macros', 'catalogue'],
    queryFn: () => api.get<Catalogue>('/macros/catalogue'),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const things = useThings()
  if (!rule) {
    return (
      <Button variant="subtle" color="gray" size="compact-xs" className={s.add ?? ''} leftSection={<IconPlus size={13} />} onClick={() => onChange(FIRST)}>
        Only where…<span className="visually-hidden"> for {of}</span>
      </Button>
    )
  }
  if (!catalogue) return null
  return (
    <div className={s.condition} role="group" aria-label={`Condition of ${of}`}>
      <span>Only where</span>
      <RuleBuilder catalogue={catalogue} rule={asGroup(rule)} things={things} problems={problems} onChange={onChange} />
      <Button variant="subtle" color="gray" size="compact-xs" className={s.add ?? ''} leftSection={<IconTrash size={13} />} onClick={() => onChange(null)}>
        Everywhere<span className="visually-hidden"> for {of}</span>
      </Button>
    </div>
  )
}
