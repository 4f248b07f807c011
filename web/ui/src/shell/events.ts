/** Joins the websocket with what it changes: each kind of event goes to the store or query that shows it. */
import { refreshCounts } from '../inbox/counts'
import { importMoved } from '../contacts/imports'
import { bulkMoved } from '../inbox/list/bulk'
import { viewChanged } from '../inbox/list/choices'
import { refreshLists } from '../inbox/list/lists'
import { deferredChanged } from '../inbox/deferred/deferred'
import { applyInboxEvents, reloadInbox, retryUnsent } from '../inbox/live'
import { draftChanged } from '../drafts/sharedDrafts'
import { loadTranslation } from '../inbox/translating/translation'
import { notified } from '../notifications/notifications'
import { articlesChanged, centreChanged } from '../help/help'
import { incidentChanged } from '../incidents/incidents'
import * as live from '../lib/live'
import { queryClient } from '../lib/query'
import { currentMe } from '../lib/session'
import { ticketChanged, ticketTouched } from '../tickets/tickets'
import { leave } from './leave'
import { checkVersion } from './version'

/** Start listening; the returned function stops it. */
export function startEvents(): () => void {
  let connectedBefore = false
  live.start({
    events: (batch) => {
      applyInboxEvents(batch)
      for (const event of batch) refreshQueries(event)
    },
    reload: () => {
      reloadInbox()
      void queryClient.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'me' })
    },
    rights: () => {
      reloadInbox()
      void queryClient.invalidateQueries()
    },
    connected: () => {
      retryUnsent()
      if (connectedBefore) void checkVersion()
      connectedBefore = true
    },
    signedOut: () => leave(),
  })
  return live.stop
}

function refreshQueries(event: live.LiveEvent): void {
  switch (event.type) {
    case 'entry':
      if (event.data.entry.ticket_id) ticketTouched(event.data.entry.ticket_id)
      if (event.data.entry.event?.name.startsWith('survey_')) {
        void queryClient.invalidateQueries({ queryKey: ['surveys', event.data.entry.contact_id] })
      }
      if (event.data.entry.event?.name.startsWith('channel_')) {
        void queryClient.invalidateQueries({ queryKey: ['ways', event.data.entry.conversation_id] })
      }
      // What a person said about consent, and where they are at home, is part of the contact; of the story all is.
      void queryClient.invalidateQueries({
        queryKey: ['contact', event.data.entry.contact_id, ...(event.data.entry.kind === 'message' ? ['entries'] : [])],
      })
      return
    case 'account':
      void queryClient.invalidateQueries({ queryKey: ['accounts'] })
      return
    case 'member':
      void queryClient.invalidateQueries({ queryKey: ['members'] })
      return
    case 'role':
      void queryClient.invalidateQueries({ queryKey: ['roles'] })
      return
    case 'templates':
      void queryClient.invalidateQueries({ queryKey: ['templates'] })
      void queryClient.invalidateQueries({ queryKey: ['template-drafts'] })
      return
    case 'bell':
      notified(event.data)
      return
    case 'push_devices':
      if (event.data.member_id === currentMe()?.member.id) void queryClient.invalidateQueries({ queryKey: ['push'] })
      return
    case 'calendar':
      void queryClient.invalidateQueries({ queryKey: ['calendars'] })
      void queryClient.invalidateQueries({ queryKey: ['roster'] })
      return
    case 'roster':
      void queryClient.invalidateQueries({ queryKey: ['roster'] })
      void queryClient.invalidateQueries({ queryKey: ['agents'] })
      return
    case 'route_rules':
      void queryClient.invalidateQueries({ queryKey: ['route-rules'] })
      return
    case 'team':
      void queryClient.invalidateQueries({ queryKey: ['teams'] })
      return
    case 'agent':
    case 'routing':
      void queryClient.invalidateQueries({ queryKey: ['agents'] })
      void queryClient.invalidateQueries({ queryKey: ['teams', 'queue'] })
      void queryClient.invalidateQueries({ queryKey: ['roster'] })
      return
    case 'draft':
      draftChanged(event.data)
      return
    case 'macro':
      void queryClient.invalidateQueries({ queryKey: ['macros'] })
      return
    case 'bulk':
      bulkMoved(event.data)
      if (event.data.about === 'contacts') void queryClient.invalidateQueries({ queryKey: ['data-health'] })
      return
    case 'tag':
      void queryClient.invalidateQueries({ queryKey: ['tags'] })
      return
    case 'view':
      viewChanged(event.data.id, event.data.done, event.data.of)
      if (event.data.of === undefined) {
        refreshCounts()
        refreshLists()
      }
      return
    case 'counts':
      refreshCounts()
      return
    case 'deferred':
      deferredChanged()
      return
    case 'translator':
      void queryClient.invalidateQueries({ queryKey: ['translator'] })
      void loadTranslation(true)
      return
    case 'closing_settings':
      void queryClient.invalidateQueries({ queryKey: ['closing'] })
      return
    case 'pacing':
    case 'suppression':
      void queryClient.invalidateQueries({ queryKey: [event.type === 'pacing' ? 'pacing' : 'suppressions'] })
      return
    case 'survey':
      void queryClient.invalidateQueries({ queryKey: ['surveys', event.data.contact_id] })
      return
    case 'content_block':
      void queryClient.invalidateQueries({ queryKey: ['content-blocks'] })
      void queryClient.invalidateQueries({ queryKey: ['content-templates'] })
      return
    case 'content_template':
      void queryClient.invalidateQueries({ queryKey: ['content-templates'] })
      return
    case 'canned':
      void queryClient.invalidateQueries({ queryKey: ['canned'] })
      return
    case 'ticket':
      ticketChanged(event.data.id)
      return
    case 'ticket_forms':
      void queryClient.invalidateQueries({ queryKey: ['ticket-forms'] })
      return
    case 'incident':
      incidentChanged(event.data.id)
      return
    case 'article':
      articlesChanged()
      return
    case 'help_centre':
      centreChanged()
      articlesChanged()
      return
    case 'sla_policy':
      void queryClient.invalidateQueries({ queryKey: ['sla-policies'] })
      return
    case 'contact_health':
      void queryClient.invalidateQueries({ queryKey: ['contact', event.data.id, 'health'] })
      void queryClient.invalidateQueries({ queryKey: ['contact-health'] })
      return
    case 'contact':
      void queryClient.invalidateQueries({ queryKey: ['contact', event.data.id] })
      void queryClient.invalidateQueries({ queryKey: ['contacts'] })
      if ('merge_id' in event.data) void queryClient.invalidateQueries({ queryKey: ['duplicates'] })
      return
    case 'contact_fields':
      void queryClient.invalidateQueries({ queryKey: ['contact-fields'] })
      return
    case 'import':
      importMoved(event.data)
      return
    case 'export':
      void queryClient.invalidateQueries({ queryKey: ['exports'] })
      return
    case 'signup_form':
      void queryClient.invalidateQueries({ queryKey: ['signup-forms'] })
      return
    case 'greeting':
      void queryClient.invalidateQueries({ queryKey: ['greetings'] })
      return
    case 'retention':
      void queryClient.invalidateQueries({ queryKey: ['retention'] })
      return
    case 'erasure':
      void queryClient.invalidateQueries({ queryKey: ['erasures'] })
      return
    case 'contact_list':
      void queryClient.invalidateQueries({ queryKey: ['contact-lists'] })
      return
    case 'segment':
      void queryClient.invalidateQueries({ queryKey: ['segments'], exact: true })
      void queryClient.invalidateQueries({ queryKey: ['segments', event.data.id] })
      return
    case 'broadcast':
      for (const which of ['list', 'running', event.data.id]) void queryClient.invalidateQueries({ queryKey: ['broadcasts', which] })
      return
    case 'broadcast_report': {
      const queryKey = ['broadcasts', event.data.id, 'report']
      // What is just being read is older than what was just told.
      void queryClient.cancelQueries({ queryKey, exact: true })
      queryClient.setQueryData(queryKey, event.data.report)
      return
    }
    case 'budgets':
      void queryClient.invalidateQueries({ queryKey: ['budgets'] })
      return
    case 'broadcast_settings':
      void queryClient.invalidateQueries({ queryKey: ['broadcast-settings'] })
      return
    case 'broadcast_check':
      void queryClient.invalidateQueries({ queryKey: ['broadcasts', event.data.id, 'check'] })
      void queryClient.invalidateQueries({ queryKey: ['broadcasts', event.data.id], exact: true })
      return
    case 'company':
      void queryClient.invalidateQueries({ queryKey: ['companies'] })
      return
    case 'data_health':
      void queryClient.invalidateQueries({ queryKey: ['data-health'] })
      return
    case 'duplicates':
      void queryClient.invalidateQueries({ queryKey: ['duplicates'] })
      for (const id of event.data.contact_ids) void queryClient.invalidateQueries({ queryKey: ['contact', id, 'duplicates'] })
      return
  }
}
