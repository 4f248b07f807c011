import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { queryClient } from './lib/query'
import { NobodySignedIn, meQuery } from './lib/session'
import { InboxPage } from './inbox/InboxPage'
import { CrashScreen } from './shell/CrashScreen'
import { NotFound } from './shell/NotFound'
import { Shell } from './shell/Shell'

const root = createRootRoute({ errorComponent: CrashScreen, notFoundComponent: NotFound })

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (search: Record<string, unknown>): { next?: string; reason?: string } => ({
    // Only a path of ours: a full address here would send people elsewhere after sign-in.
    ...(typeof search.next === 'string' && /^\/(?![/\\])/.test(search.next) && { next: search.next }),
    ...(typeof search.reason === 'string' && { reason: search.reason }),
  }),
  component: lazyRouteComponent(() => import('./auth/SignInPage')),
})

const invitation = createRoute({
  getParentRoute: () => root,
  path: '/invite/$token',
  component: lazyRouteComponent(() => import('./auth/InvitationPage')),
})

/** Everything behind sign-in. */
const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  component: Shell,
  errorComponent: CrashScreen,
  beforeLoad: async ({ location }) => {
    try {
      await queryClient.ensureQueryData(meQuery)
    } catch (error) {
      if (error instanceof NobodySignedIn) {
        throw redirect({ to: '/login', search: location.href === '/' ? {} : { next: location.href } })
      }
      throw error
    }
  },
})

const home = createRoute({
  getParentRoute: () => app,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/inbox' })
  },
})

const inbox = createRoute({ getParentRoute: () => app, path: '/inbox', component: InboxPage })
/** Has no component of its own: the inbox reads the id and stays mounted while it changes. */
const conversation = createRoute({ getParentRoute: () => inbox, path: '$conversationId', component: () => null })

const later = createRoute({
  getParentRoute: () => app,
  path: '/later',
  component: lazyRouteComponent(() => import('./inbox/deferred/LaterPage')),
})

const contacts = createRoute({
  getParentRoute: () => app,
  path: '/contacts',
  component: lazyRouteComponent(() => import('./contacts/ContactsPage')),
})
const duplicates = createRoute({
  getParentRoute: () => app,
  path: '/duplicates',
  component: lazyRouteComponent(() => import('./contacts/DuplicatesPage')),
})
const dataHealth = createRoute({
  getParentRoute: () => app,
  path: '/data-health',
  component: lazyRouteComponent(() => import('./contacts/DataHealthPage')),
})
const tables = createRoute({
  getParentRoute: () => app,
  path: '/imports',
  component: lazyRouteComponent(() => import('./contacts/TablesPage')),
})
const table = createRoute({ getParentRoute: () => tables, path: '$importId', component: () => null })
const companies = createRoute({
  getParentRoute: () => app,
  path: '/companies',
  component: lazyRouteComponent(() => import('./companies/CompaniesPage')),
})
const company = createRoute({ getParentRoute: () => companies, path: '$companyId', component: () => null })
const contact = createRoute({ getParentRoute: () => contacts, path: '$contactId', component: () => null })

const tickets = createRoute({
  getParentRoute: () => app,
  path: '/tickets',
  component: lazyRouteComponent(() => import('./tickets/TicketsPage')),
})
const ticket = createRoute({ getParentRoute: () => tickets, path: '$ticketId', component: () => null })

const templates = createRoute({
  getParentRoute: () => app,
  path: '/templates',
  component: lazyRouteComponent(() => import('./campaigns/CampaignTemplates')),
})
const template = createRoute({ getParentRoute: () => templates, path: '$templateId', component: () => null })

const reports = createRoute({
  getParentRoute: () => app,
  path: '/reports',
  component: lazyRouteComponent(() => import('./reports/ReportsPage')),
})

const incidents = createRoute({
  getParentRoute: () => app,
  path: '/incidents',
  component: lazyRouteComponent(() => import('./incidents/IncidentsPage')),
})
const incident = createRoute({ getParentRoute: () => incidents, path: '$incidentId', component: () => null })

const articles = createRoute({
  getParentRoute: () => app,
  path: '/articles',
  validateSearch: (search: Record<string, unknown>): { title?: string } =>
    typeof search.title === 'string' ? { title: search.title } : {},
  component: lazyRouteComponent(() => import('./help/HelpPage')),
})
const article = createRoute({ getParentRoute: () => articles, path: '$articleId', component: () => null })

/** What marketers work in; the page itself reads `_splat`. */
const campaigns = createRoute({
  getParentRoute: () => app,
  path: '/campaigns',
  component: lazyRouteComponent(() => import('./campaigns/CampaignsPage')),
})
const campaign = createRoute({ getParentRoute: () => campaigns, path: '$', component: () => null })

const settings = createRoute({
  getParentRoute: () => app,
  path: '/settings',
  component: lazyRouteComponent(() => import('./settings/SettingsPage')),
})
/** The sections of the settings belong to the settings page; it reads `_splat`. */
const settingsSection = createRoute({ getParentRoute: () => settings, path: '$', component: () => null })

export const router = createRouter({
  routeTree: root.addChildren([
    login,
    invitation,
    app.addChildren([
      home,
      inbox.addChildren([conversation]),
      later,
      contacts.addChildren([contact]),
      duplicates,
      dataHealth,
      tables.addChildren([table]),
      companies.addChildren([company]),
      tickets.addChildren([ticket]),
      incidents.addChildren([incident]),
      articles.addChildren([article]),
      templates.addChildren([template]),
      reports,
      campaigns.addChildren([campaign]),
      settings.addChildren([settingsSection]),
    ]),
  ]),
  defaultPreload: 'intent',
  defaultErrorComponent: CrashScreen,
  // The skeleton of index.html stays until the first screen is ready.
  defaultPendingMs: 10_000,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
