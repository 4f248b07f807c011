import { Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'

interface CampaignLinkProps {
  /** below /campaigns/ */
  to: string
  className?: string | undefined
  'aria-current'?: 'page'
  'aria-label'?: string
  children: ReactNode
}

export function CampaignLink({ to, children, ...rest }: CampaignLinkProps) {
  return (
    <Link to="/campaigns/$" params={{ _splat: to }} {...rest}>
      {children}
    </Link>
  )
}

export function useCampaign(): (path: string, how?: { replace?: boolean }) => void {
  const navigate = useNavigate()
  return (path, how) => void navigate({ to: '/campaigns/$', params: { _splat: path }, ...how })
}
