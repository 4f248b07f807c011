import { ActionIcon, Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../lib/api'
import { plural } from '../../lib/format'
import { useCan } from '../../lib/session'
import { toast } from '../../lib/toast'
import type { ApiToken, Page } from '../../lib/types'
import { Badge } from '../../ui/Badge'
import { EmptyState } from '../../ui/EmptyState'
import { IconKey, IconPlus, IconTrash } from '../../ui/icons'
import { Ago } from '../parts/Ago'
import { ConfirmDialog } from '../parts/ConfirmDialog'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { FailedPage, ForbiddenPage } from '../parts/States'
import p from '../parts/parts.module.css'
import { CreateTokenDialog } from './CreateTokenDialog'
import { scopeLabel } from './scopes'
import s from './tokens.module.css'

const SHOWN_SCOPES = 3

export default function TokensPage() {
  const allowed = useCan('tokens.manage')
  const client = useQueryClient()
  const { data, error, refetch } = useQuery({
    queryKey: ['tokens'],
    queryFn: () => api.get<Page<ApiToken>>('/tokens').then((page) => page.items),
    enabled: allowed,
  })
  const [creating, setCreating] = useState(false)
  const [deleting, setDeleting] = useState<ApiToken | null>(null)

  async function remove(token: ApiToken) {
    await api.delete(`/tokens/${token.id}`)
    await client.invalidateQueries({ queryKey: ['tokens'] })
    toast(`${token.name} was deleted.`)
  }

  if (!allowed) return <ForbiddenPage title="API tokens" />
  if (error && !data) return <FailedPage title="API tokens" error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton title="API tokens" />
  const create = (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setCreating(true)}>
      Create a token
    </Button>
  )
  return (
    <>
      <Heading
        title="API tokens"
        text={
          <>
            For programs of yours that call Parley's HTTP API. The API is described at{' '}
            <a href="/api/v1/openapi.json" target="_blank" rel="noreferrer">
              /api/v1/openapi.json
            </a>
            .
          </>
        }
        actions={data.length > 0 && create}
      />
      {data.length === 0 ? (
        <section className={s.list} aria-label="API tokens">
          <EmptyState
            icon={IconKey}
            title="No tokens yet"
            text="A token lets a program act in this workspace, with just the rights you give it."
            action={create}
          />
        </section>
      ) : (
        <section className={s.list} aria-label="API tokens">
          <div className={p.tableWrap}>
            <table className={p.table} aria-label="API tokens">
              <thead>
                <tr>
                  <th>Name</th>
                  <th data-wide>May</th>
                  <th data-wide>Created</th>
                  <th data-wide>Last used</th>
                  <th data-end>
                    <span className="visually-hidden">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {data.map((token) => (
                  <tr key={token.id}>
                    <td>
                      <b className={s.name}>{token.name}</b>
                      <span className={`${p.small} ${p.muted}`}>
                        {plural(token.scopes.length, 'right')} · used <Ago at={token.last_used_at} />
                      </span>
                    </td>
                    <td data-wide>
                      <span className={s.scopes} title={token.scopes.map(scopeLabel).join(', ')}>
                        {token.scopes.slice(0, SHOWN_SCOPES).map((scope) => (
                          <Badge key={scope}>{scopeLabel(scope)}</Badge>
                        ))}
                        {token.scopes.length > SHOWN_SCOPES && <Badge>+{token.scopes.length - SHOWN_SCOPES} more</Badge>}
                      </span>
                    </td>
                    <td data-wide className={p.nowrap}>
                      <Ago at={token.created_at} />
                    </td>
                    <td data-wide className={p.nowrap}>
                      <Ago at={token.last_used_at} />
                    </td>
                    <td data-end>
                      <ActionIcon aria-label={`Delete ${token.name}`} onClick={() => setDeleting(token)}>
                        <IconTrash size={16} />
                      </ActionIcon>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
      {creating && <CreateTokenDialog onClose={() => setCreating(false)} />}
      {deleting && (
        <ConfirmDialog
          title={`Delete ${deleting.name}?`}
          confirm="Delete"
          onConfirm={() => remove(deleting)}
          onClose={() => setDeleting(null)}
        >
          <p>
            Programs that use <b>{deleting.name}</b> are refused from this moment on.
          </p>
        </ConfirmDialog>
      )}
    </>
  )
}
