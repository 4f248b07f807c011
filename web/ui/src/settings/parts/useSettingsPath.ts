import { getRouteApi, useNavigate } from '@tanstack/react-router'

/** What follows the section in the address: `channels/acc_1/setup` → `['acc_1', 'setup']`. */
export function useSettingsPath(): string[] {
  const path = getRouteApi('/app/settings/$').useParams({ shouldThrow: false })?._splat ?? ''
  return path.split('/').slice(1).filter(Boolean)
}

export function useGoTo(): (path: string, how?: { replace?: boolean }) => void {
  const navigate = useNavigate()
  return (path, how) => void navigate({ to: '/settings/$', params: { _splat: path }, ...how })
}
