/** What a plan still lacks, by the step that asks for it; the server says the same when it is handed in. */
import type { Broadcast, Plan } from '../lib/types'

export type StepKey = 'who' | 'what' | 'when'

export interface Lack {
  step: StepKey
  text: string
}

export function lacking({ plan }: Pick<Broadcast, 'plan'>): Lack[] {
  const found: Lack[] = []
  const lack = (step: StepKey, text: string) => found.push({ step, text })
  if (isEmpty(plan.audience)) lack('who', 'Choose who gets it.')
  if (!plan.account_id) lack('what', 'Choose from which number, sender or bot it goes.')
  for (const variant of plan.variants) {
    if (variant.wordings.length === 0) lack('what', plan.variants.length > 1 ? `Write variant ${nameOf(plan, variant.key)}.` : 'Write the message.')
    else if (variant.wordings.length > 1 && variant.wordings.every((each) => each.language)) lack('what', 'Say which wording is for people of any other language.')
  }
  if (plan.experiment && plan.variants.length < 2) lack('what', 'There is nothing to compare: write a second variant.')
  if (plan.experiment?.metric === 'clicked' && !tracks(plan)) lack('what', 'Clicks are not counted: switch that on, or let something else decide.')
  if (plan.fallbacks.some((each) => each.wordings.length === 0)) lack('when', 'Write what goes out on the other channel.')
  if ((plan.schedule.kind !== 'now' || plan.schedule.repeat || plan.schedule.relative) && !plan.schedule.wall) lack('when', 'Choose a day and a time.')
  if (plan.trial && (plan.trial.people === null) === (plan.trial.percent === null)) lack('when', 'Say how many people get it first.')
  return found
}

/** Whether clicks are counted: as said, else of marketing alone. */
export const tracks = (plan: Plan): boolean => plan.track_clicks ?? plan.purpose === 'marketing'

export function isEmpty({ everyone, segments, lists, broadcasts, contacts, rule }: Plan['audience']): boolean {
  return !everyone && segments.length + lists.length + broadcasts.length + contacts.length === 0 && rule === null
}

/** A, B, C … unless it has a name of its own. */
export function nameOf(plan: Plan, key: string): string {
  const at = plan.variants.findIndex((each) => each.key === key)
  return plan.variants[at]?.name || String.fromCharCode(65 + Math.max(at, 0))
}
