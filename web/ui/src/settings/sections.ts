import { lazy, type ComponentType } from 'react'
import type { Permission } from '../lib/types'
import {
  IconActivity,
  IconApi,
  IconBan,
  IconBell,
  IconBolt,
  IconBook,
  IconCircleCheck,
  IconClock,
  IconHistory,
  IconPlugConnected,
  IconShieldCheck,
  IconShieldLock,
  IconStack2,
  IconStopwatch,
  IconRoute,
  IconTag,
  IconTicket,
  IconUserCircle,
  IconUsers,
  IconUsersGroup,
} from '../ui/icons'

export interface SettingsSection {
  /** below /settings/ */
  path: string
  label: string
  group: 'Workspace' | 'You'
  icon: typeof IconUsers
  /** who lacks it does not see the section listed */
  needs?: Permission
  Page: ComponentType
}

/** In the order shown; the first that a person may see is where the settings open. */
export const SECTIONS: SettingsSection[] = [
  {
    path: 'channels',
    label: 'Channels',
    group: 'Workspace',
    icon: IconPlugConnected,
    needs: 'accounts.read',
    Page: lazy(() => import('./channels/ChannelsPage')),
  },
  {
    path: 'members',
    label: 'Members',
    group: 'Workspace',
    icon: IconUsers,
    needs: 'members.read',
    Page: lazy(() => import('./members/MembersPage')),
  },
  {
    path: 'roles',
    label: 'Roles',
    group: 'Workspace',
    icon: IconShieldCheck,
    needs: 'members.read',
    Page: lazy(() => import('./roles/RolesPage')),
  },
  {
    path: 'teams',
    label: 'Teams',
    group: 'Workspace',
    icon: IconUsersGroup,
    needs: 'inbox.read',
    Page: lazy(() => import('./teams/TeamsPage')),
  },
  {
    path: 'routing',
    label: 'Routing rules',
    group: 'Workspace',
    icon: IconRoute,
    needs: 'inbox.read',
    Page: lazy(() => import('./routing/RoutingPage')),
  },
  {
    path: 'calendars',
    label: 'Business hours',
    group: 'Workspace',
    icon: IconClock,
    needs: 'inbox.read',
    Page: lazy(() => import('./calendars/CalendarsPage')),
  },
  {
    path: 'canned',
    label: 'Canned replies',
    group: 'Workspace',
    icon: IconBolt,
    needs: 'inbox.reply',
    Page: lazy(() => import('./canned/CannedPage')),
  },
  {
    path: 'sla',
    label: 'Service levels',
    group: 'Workspace',
    icon: IconStopwatch,
    needs: 'inbox.manage',
    Page: lazy(() => import('./sla/SlaPage')),
  },
  {
    path: 'closing',
    label: 'Closing',
    group: 'Workspace',
    icon: IconCircleCheck,
    needs: 'inbox.read',
    Page: lazy(() => import('./closing/ClosingPage')),
  },
  {
    path: 'tickets',
    label: 'Tickets',
    group: 'Workspace',
    icon: IconTicket,
    needs: 'inbox.manage',
    Page: lazy(() => import('./tickets/TicketFormsPage')),
  },
  {
    path: 'help',
    label: 'Help centre',
    group: 'Workspace',
    icon: IconBook,
    needs: 'articles.manage',
    Page: lazy(() => import('../help/HelpCentrePage')),
  },
  {
    path: 'macros',
    label: 'Macros',
    group: 'Workspace',
    icon: IconStack2,
    needs: 'inbox.reply',
    Page: lazy(() => import('./macros/MacrosPage')),
  },
  {
    path: 'tags',
    label: 'Tags',
    group: 'Workspace',
    icon: IconTag,
    needs: 'inbox.read',
    Page: lazy(() => import('./tags/TagsPage')),
  },
  {
    path: 'blocked',
    label: 'Blocked contacts',
    group: 'Workspace',
    icon: IconBan,
    needs: 'inbox.read',
    Page: lazy(() => import('./blocked/BlockedPage')),
  },
  {
    path: 'tokens',
    label: 'API tokens',
    group: 'Workspace',
    icon: IconApi,
    needs: 'tokens.manage',
    Page: lazy(() => import('./tokens/TokensPage')),
  },
  {
    path: 'audit',
    label: 'Audit log',
    group: 'Workspace',
    icon: IconHistory,
    needs: 'audit.read',
    Page: lazy(() => import('./audit/AuditPage')),
  },
  {
    path: 'operations',
    label: 'Operations',
    group: 'Workspace',
    icon: IconActivity,
    needs: 'operations.manage',
    Page: lazy(() => import('./operations/OperationsPage')),
  },
  {
    path: 'profile',
    label: 'Profile',
    group: 'You',
    icon: IconUserCircle,
    Page: lazy(() => import('./profile/ProfilePage')),
  },
  {
    path: 'notifications',
    label: 'Notifications',
    group: 'You',
    icon: IconBell,
    Page: lazy(() => import('./notifications/NotificationsPage')),
  },
  {
    path: 'security',
    label: 'Security',
    group: 'You',
    icon: IconShieldLock,
    Page: lazy(() => import('./profile/SecurityPage')),
  },
]
