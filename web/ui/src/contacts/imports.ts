/** Tables of people: uploaded, tried out, imported; and exported. The socket tells how far they are. */
import { queryOptions } from '@tanstack/react-query'
import { ApiError, NetworkError, api, csrfToken, readProblem } from '../lib/api'
import { queryClient } from '../lib/query'
import type { ContactExport, ContactImport, ImportProgress, Page } from '../lib/types'

export const importsQuery = queryOptions({
  queryKey: ['imports'],
  queryFn: ({ signal }) => api.get<Page<ContactImport>>('/imports', signal).then((page) => page.items),
})

export const importQuery = (id: string) =>
  queryOptions({ queryKey: ['imports', id], queryFn: ({ signal }) => api.get<ContactImport>(`/imports/${id}`, signal) })

export const exportsQuery = queryOptions({
  queryKey: ['exports'],
  queryFn: ({ signal }) => api.get<Page<ContactExport>>('/exports', signal).then((page) => page.items),
})

export const isBusy = ({ state }: ContactImport): boolean => state === 'checking' || state === 'running'

/** The file as it is; nothing is imported yet. */
export async function uploadTable(file: File): Promise<string> {
  let response: Response
  try {
    response = await fetch(`/api/v1/import-files?name=${encodeURIComponent(file.name)}`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv', 'x-parley-csrf': csrfToken() },
      credentials: 'same-origin',
      body: file,
    })
  } catch (error) {
    throw new NetworkError(error)
  }
  if (!response.ok) throw new ApiError(await readProblem(response))
  return ((await response.json()) as { id: string }).id
}

/** What the socket tells: figures at once; the rest is read when it is over. */
export function importMoved(progress: ImportProgress): void {
  const { queryKey } = importQuery(progress.id)
  const before = queryClient.getQueryData(queryKey)
  if (before) queryClient.setQueryData(queryKey, { ...before, ...progress })
  if (progress.state !== 'checking' && progress.state !== 'running') {
    void queryClient.invalidateQueries({ queryKey: ['imports'] })
    if (progress.state === 'done') void queryClient.invalidateQueries({ queryKey: ['contacts'] })
  }
}
