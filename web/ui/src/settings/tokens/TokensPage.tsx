import { ActionIcon, Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../lib/api'
import { plural } from '../../lib/format'
import { useCan } from '../../lib/session'
import { toast } from '../../lib/toast'
import type { ApiToken, Page } from '../../lib/types'
import { Badge } from '../../ui/Badge'
import { IconKey, IconPlus, IconTrash } from '../../ui/icons'
import { Ago } from '../parts/Ago'
import { ConfirmDialog } from '../parts/ConfirmDialog'
import { ForbiddenPage } from '../parts/States'
import p from '../parts/parts.module.css'
import { ListPage } from '../parts/ListPage'
import { CreateTokenDialog } from './CreateTokenDialog'
import { scopeLabel } from './scopes'
import s from './tokens.module.css'

const TITLE = 'API tokens'
const SHOWN_SCOPES = 3

export default function TokensPage() {
  const allowed = useCan('tokens.manage')
  const client = useQueryClient()
  const list = useQuery({
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

  if (!allowed) return <ForbiddenPage title={TITLE} />
  return (
    <ListPage
      title={TITLE}
      text={
        <>
          For programs of yours that call Parley's HTTP API. The API is described at{' '}
          <a href="/api/v1/openapi.json" target="_blank" rel="noreferrer">
            /api/v1/openapi.json
          </a>
          .
        </>
      }
      list={list}
      empty={{
        icon: IconKey,
        title: 'No tokens yet',
        text: 'A token lets a program act in this workspace, with just the rights you give it.',
      }}
      create={
        <Button leftSection={<IconPlus size={16} />} onClick={() => setCreating(true)}>
          Create a token
        </Button>
      }
      columns={[
        {
          head: 'Name',
          cell: (token) => (
            <>
              <b className={s.name}>{token.name}</b>
              <span className={`${p.small} ${p.muted}`}>
                {plural(token.scopes.length, 'right')} · used <Ago at={token.last_used_at} />
              </span>
            </>
          ),
        },
        { head: 'May', wide: true, cell: ({ scopes }) => <Scopes scopes={scopes} /> },
        { head: 'Created', wide: true, nowrap: true, cell: (token) => <Ago at={token.created_at} /> },
        { head: 'Last used', wide: true, nowrap: true, cell: (token) => <Ago at={token.last_used_at} /> },
        {
          head: 'Actions',
          silent: true,
          end: true,
          cell: (token) => (
            <ActionIcon aria-label={`Delete ${token.name}`} onClick={() => setDeleting(token)}>
              <IconTrash size={16} />
            </ActionIcon>
          ),
        },
      ]}
    >
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
    </ListPage>
  )
}

function Scopes({ scopes }: Pick<ApiToken, 'scopes'>) {
  return (
    <span className={s.scopes} title={scopes.map(scopeLabel).join(', ')}>
      {scopes.slice(0, SHOWN_SCOPES).map((scope) => (
        <Badge key={scope}>{scopeLabel(scope)}</Badge>
      ))}
      {scopes.length > SHOWN_SCOPES && <Badge>+{scopes.length - SHOWN_SCOPES} more</Badge>}
    </span>
  )
}
