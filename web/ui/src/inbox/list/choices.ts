/** What lists are narrowed by: saved views, tags and teams, read once and again when somebody changes them. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { api } from '../../lib/api'
import { queryClient } from '../../lib/query'
import type { SavedView, Tag, Team } from '../../lib/types'

const viewsQuery = queryOptions({
  queryKey: ['views'],
  queryFn: async ({ signal }) => (await api.get<{ items: SavedView[] }>('/views', signal)).items,
})
export const tagsQuery = queryOptions({
  queryKey: ['tags'],
  queryFn: async ({ signal }) => (await api.get<{ items: Tag[] }>('/tags', signal)).items,
})
export const teamsQuery = queryOptions({
  queryKey: ['teams'],
  queryFn: async ({ signal }) => (await api.get<{ items: Team[] }>('/teams', signal)).items,
})

const NO_VIEWS: SavedView[] = []
const NO_TAGS: Tag[] = []
const NO_TEAMS: Team[] = []

export const useViews = (): SavedView[] => useQuery(viewsQuery).data ?? NO_VIEWS
export const useTags = (): Tag[] => useQuery(tagsQuery).data ?? NO_TAGS
export const useTeams = (): Team[] => useQuery(teamsQuery).data ?? NO_TEAMS

/** A view that is being worked out tells how far it is; what it holds is read again when it is done. */
export function viewChanged(id: string | undefined, done?: number, of?: number): void {
  if (id && done !== undefined && of !== undefined) {
    queryClient.setQueryData(viewsQuery.queryKey, (views) => views?.map((view) => (view.id === id ? { ...view, done, of } : view)))
    return
  }
  void queryClient.invalidateQueries({ queryKey: viewsQuery.queryKey })
}
