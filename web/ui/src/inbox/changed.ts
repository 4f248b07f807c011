/** What a colleague has done to a conversation meanwhile, in words. */
import type { Changed } from '../lib/types'
import { memberName } from './presence'

const STATES: Record<string, string> = {
  open: 'opened it',
  pending: 'given it to the bot',
  snoozed: 'snoozed it',
  closed: 'closed it',
}

export function whatChanged({ what, name, value }: Changed): string {
  return `${name ?? 'A colleague'} has ${deed(what, typeof value === 'string' ? value : null)} meanwhile. You see it as it is now.`
}

function deed(what: string, value: string | null): string {
  switch (what) {
    case 'assignee':
      return value ? `given it to ${memberName(value) ?? 'somebody else'}` : 'taken it off its agent'
    case 'state':
      return STATES[value ?? ''] ?? 'changed its state'
    case 'priority':
      return `set the priority to ${value}`
    default:
      return `changed its ${what}`
  }
}
