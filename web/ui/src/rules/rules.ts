/** The rule language as screens handle it; what can be asked comes from the API's catalogue. */

export interface Condition {
  field: string
  op: string
  value?: unknown
}
export interface Span {
  amount: number
  unit: string
}
/** How often something happened, or when it last did; `where` asks of each time. */
export interface Count {
  count: string
  op: string
  value: unknown
  within?: Span
  where?: Condition[]
}
export type Rule = Condition | Count | { all: Rule[] } | { any: Rule[] } | { not: Rule }
export type Group = { all: Rule[] } | { any: Rule[] }

export const isCondition = (rule: Rule): rule is Condition => 'field' in rule
export const isCount = (rule: Rule): rule is Count => 'count' in rule
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

/** Whether each condition has something to compare with: one that is just being written has not. */
export function isWritten(rule: Rule): boolean {
  if (isGroup(rule)) return partsOf(rule).every(isWritten)
  if ('not' in rule) return isWritten(rule.not)
  const value = rule.value
  const said = value !== '' && !(Array.isArray(value) && value.length === 0)
  return said && (!isCount(rule) || (rule.where ?? []).every(isWritten))
}

/** As a field of the browser takes it: local, to the minute. */
export function localTime(iso: string): string {
  const at = new Date(iso)
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
