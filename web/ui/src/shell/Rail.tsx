import { Tooltip } from '@mantine/core'
import { Link, useRouterState } from '@tanstack/react-router'
import { useNews } from '../inbox/counts'
import { DraftsButton } from '../drafts/DraftsButton'
import { Bell } from '../notifications/Bell'
import { usePhone } from '../lib/media'
import { useCan } from '../lib/session'
import { shortCount } from '../lib/format'
import { Logo } from '../ui/Logo'
import { IconBook, IconChartBar, IconInbox, IconSettings, IconSpeakerphone, IconTemplate, IconTicket, IconUsers } from '../ui/icons'
import { ProfileMenu } from './ProfileMenu'
import s from './shell.module.css'

/** Pages of a place that have addresses of their own. */
const CURRENT = { 'data-status': 'active', 'aria-current': 'page' } as const
const useUnder = (...paths: string[]): boolean =>
  useRouterState({ select: ({ location }) => paths.some((path) => location.pathname === path || location.pathname.startsWith(`${path}/`)) })

export function Rail({ onShowShortcuts }: { onShowShortcuts: () => void }) {
  const unread = useNews()
  const seesContacts = useCan('contacts.read')
  const seesInbox = useCan('inbox.read')
  const seesCampaigns = useCan('broadcasts.read')
  const seesTemplates = useCan('templates.read')
  const inTemplates = useUnder('/templates')
  const amongContacts = useUnder('/duplicates', '/data-health', '/imports', '/companies')
  const phone = usePhone()
  return (
    <nav className={s.rail} aria-label="Main">
      <Logo className={s.logo} />
      <Tooltip label="Inbox" position="right">
        <Link to="/inbox" className={s.railLink} aria-label={unread > 0 ? `Inbox, ${unread} unread` : 'Inbox'}>
          <IconInbox size={20} stroke={1.7} />
          {unread > 0 && (
            <span className={s.railBadge} aria-hidden>
              {shortCount(unread)}
            </span>
          )}
        </Link>
      </Tooltip>
      {seesContacts && (
        <Tooltip label="Contacts" position="right">
          <Link to="/contacts" className={s.railLink} aria-label="Contacts" {...(amongContacts && CURRENT)}>
            <IconUsers size={20} stroke={1.7} />
          </Link>
        </Tooltip>
      )}
      {seesInbox && (
        <Tooltip label="Tickets" position="right">
          <Link to="/tickets" className={s.railLink} aria-label="Tickets">
            <IconTicket size={20} stroke={1.7} />
          </Link>
        </Tooltip>
      )}
      {seesCampaigns ? (
        <Tooltip label="Campaigns" position="right">
          <Link to="/campaigns" className={s.railLink} aria-label="Campaigns" {...(inTemplates && CURRENT)}>
            <IconSpeakerphone size={20} stroke={1.7} />
          </Link>
        </Tooltip>
      ) : (
        seesTemplates && (
          <Tooltip label="Templates" position="right">
            <Link to="/templates" className={s.railLink} aria-label="Templates">
              <IconTemplate size={20} stroke={1.7} />
            </Link>
          </Tooltip>
        )
      )}
      {/* A phone has room for seven: what is left is in the menu of the profile. */}
      {seesInbox && !phone && (
        <Tooltip label="Help centre" position="right">
          <Link to="/articles" className={s.railLink} aria-label="Help centre">
            <IconBook size={20} stroke={1.7} />
          </Link>
        </Tooltip>
      )}
      {seesInbox && !phone && (
        <Tooltip label="Reports" position="right">
          <Link to="/reports" className={s.railLink} aria-label="Reports">
            <IconChartBar size={20} stroke={1.7} />
          </Link>
        </Tooltip>
      )}
      <Tooltip label="Settings" position="right">
        <Link to="/settings" className={s.railLink} aria-label="Settings">
          <IconSettings size={20} stroke={1.7} />
        </Link>
      </Tooltip>
      <span className={s.railSpace} />
      <DraftsButton />
      <Bell />
      <ProfileMenu onShowShortcuts={onShowShortcuts} />
    </nav>
  )
}
