import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

interface SettingsLinkProps {
  /** below /settings/; empty for the list of sections */
  to: string
  className?: string | undefined
  'data-chosen'?: boolean
  'aria-label'?: string
  children: ReactNode
}

export function SettingsLink({ to, children, 'data-chosen': chosen, ...rest }: SettingsLinkProps) {
  const marks = { ...rest, ...(chosen && { 'data-chosen': true, 'aria-current': 'page' as const }) }
  return to === '' ? (
    <Link to="/settings" {...marks}>
      {children}
    </Link>
  ) : (
    <Link to="/settings/$" params={{ _splat: to }} {...marks}>
      {children}
    </Link>
  )
}
