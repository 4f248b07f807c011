import { Link } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { useMe } from '../lib/session'
import { CampaignLink } from './CampaignLink'
import s from './campaigns.module.css'

const PLACES = [
  { path: 'broadcasts', label: 'Broadcasts', needs: 'broadcasts.read' },
  { path: 'segments', label: 'Segments', needs: 'contacts.read' },
  { path: 'greetings', label: 'Greetings', needs: 'broadcasts.read' },
  { path: 'consent', label: 'Consent', needs: 'contacts.read' },
] as const
export type Place = (typeof PLACES)[number]['path'] | 'templates'

/** The row of places that marketers go between; templates have an address of their own. */
export function Places({ current }: { current: Place | undefined }) {
  const { permissions } = useMe()
  const mark = (path: Place) => path === current && { 'aria-current': 'page' as const }
  const row = useRef<HTMLElement>(null)
  // On a phone the row is wider than the screen: where one is stands in it.
  useEffect(() => {
    // What it gives back is a promise in newer browsers, and no way to clean up.
    void row.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [current])
  return (
    <nav ref={row} className={s.places} aria-label="Campaigns">
      {PLACES.filter((each) => permissions.includes(each.needs)).map(({ path, label }) => (
        <CampaignLink key={path} to={path} {...mark(path)}>
          {label}
        </CampaignLink>
      ))}
      {permissions.includes('templates.read') && (
        <Link to="/templates" {...mark('templates')}>
          Templates
        </Link>
      )}
    </nav>
  )
}
