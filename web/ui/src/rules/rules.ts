/** The rule language as screens handle it; what can be asked comes from the API's catalogue. */

export interface Condition {
  field: string
  op: string
  value?: unknown
}
export type Rule = Condition | { all: Rule[] } | { any: Rule[] } | { not: Rule }
export type Group = { all: Rule[] } | { any: Rule[] }

export const isCondition = (rule: Rule): rule is Condition => 'field' in rule
export const isGroup = (rule: Rule): rule is Group => 'all' in rule || 'any' in rule

export function partsOf(group: Group): Rule[] {
  return 'all' in group ? group.all : group.any
}

/** Whatever it is, as a group that can be added to. */
export function asGroup(rule: Rule): Group {
  return isGroup(rule) ? rule : { all: [rule] }
}

export function withParts(group: Group, parts: Rule[]): Group {
  return 'all' in group ? { all: parts } : { any: parts }
}
