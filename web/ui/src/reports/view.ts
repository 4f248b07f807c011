/** How a member reads reports: in which zone's days, and with which clock. Kept with their other preferences. */
import { useQuery } from '@tanstack/react-query'
import { api } from '../lib/api'
import { savePreferences, useMe } from '../lib/session'
import type { ReportHours } from '../lib/types'

export interface View {
  zone: string
  hours: ReportHours
}

export const settingsKey = ['report-settings']

/** Null until it is known which zone is the workspace's own. */
export function useView(): { view: View | null; own: string | null; change: (view: Partial<View>) => void; error: unknown } {
  const { preferences } = useMe().member
  const { data, error } = useQuery({
    queryKey: settingsKey,
    queryFn: () => api.get<{ zone: string }>('/reports/settings').then((answer) => answer.zone),
    staleTime: 60_000,
  })
  const own = data ?? null
  const zone = preferences?.report_zone ?? own
  return {
    view: zone && own ? { zone, hours: preferences?.report_hours ?? 'wall' } : null,
    own,
    change: (view) =>
      void savePreferences({
        ...(view.hours && { report_hours: view.hours }),
        // Whoever reads in the workspace's zone follows it.
        ...(view.zone && { report_zone: view.zone === own ? undefined : view.zone }),
      }),
    error,
  }
}
