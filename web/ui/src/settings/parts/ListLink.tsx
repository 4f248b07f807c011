import type { ReactNode } from 'react'
import { SettingsLink } from './SettingsLink'
import p from './parts.module.css'

/** The name of a row that has a page of its own. */
export function ListLink({ to, children }: { to: string; children: ReactNode }) {
  return (
    <SettingsLink to={to} className={p.listLink}>
      {children}
    </SettingsLink>
  )
}
