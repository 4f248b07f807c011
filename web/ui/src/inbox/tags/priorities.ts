import type { Priority } from '../../lib/types'

export const PRIORITIES: { value: Priority; label: string }[] = [
  { value: 'urgent', label: 'Urgent' },
  { value: 'high', label: 'High' },
  { value: 'normal', label: 'Normal' },
  { value: 'low', label: 'Low' },
]

export function priorityLabel(priority: Priority): string {
  return PRIORITIES.find((each) => each.value === priority)?.label ?? priority
}
