/** Macros: several actions in one. What each type of action is called and made of stands in one table. */
import { queryOptions } from '@tanstack/react-query'
import { api } from '../../lib/api'
import { plural } from '../../lib/format'
import { toast, toastError } from '../../lib/toast'
import type { Macro, MacroAction, MacroPlan, MacroRun, Page } from '../../lib/types'

export const macrosQuery = queryOptions({
  queryKey: ['macros'],
  queryFn: () => api.get<Page<Macro>>('/macros').then((page) => page.items),
})

export const ACTIONS: Record<MacroAction['type'], { label: string; empty: MacroAction }> = {
  reply: { label: 'Reply', empty: { type: 'reply', text: '' } },
  note: { label: 'Private note', empty: { type: 'note', text: '' } },
  assign: { label: 'Assign', empty: { type: 'assign', to: 'me' } },
  tag: { label: 'Tags', empty: { type: 'tag', add: [], remove: [] } },
  priority: { label: 'Priority', empty: { type: 'priority', priority: 'high' } },
  snooze: { label: 'Snooze', empty: { type: 'snooze', hours: 24 } },
  close: { label: 'Close', empty: { type: 'close' } },
  reopen: { label: 'Reopen', empty: { type: 'reopen' } },
  template: { label: 'Send template', empty: { type: 'template', account_id: '', name: '', language: '', parameters: {} } },
}

export function actionLabel(type: string): string {
  return type in ACTIONS ? ACTIONS[type as MacroAction['type']].label : type
}

export function planQuery(macro: Macro, conversationId: string, accountId: string | undefined) {
  return queryOptions({
    queryKey: ['macros', 'plan', macro.id, macro.revision, conversationId, accountId],
    queryFn: () => api.post<MacroPlan>(`/macros/${macro.id}/plan`, { conversation_id: conversationId, account_id: accountId ?? null }),
    staleTime: 0,
  })
}

/** Runs it; one id for all tries, so that a lost answer does nothing twice. The report, if it is worth looking at. */
export async function runMacro(macro: Macro, conversationId: string, accountId: string | undefined): Promise<MacroRun | null> {
  const body = { conversation_id: conversationId, account_id: accountId ?? null, client_id: crypto.randomUUID() }
  try {
    const run = await api.post<MacroRun>(`/macros/${macro.id}/run`, body)
    if (run.state !== 'done') return run
    toast(`${macro.name}: ${plural(run.steps.filter((step) => step.state === 'done').length, 'action')} done`)
  } catch (error) {
    toastError(`${macro.name} was not run`, error)
  }
  return null
}
