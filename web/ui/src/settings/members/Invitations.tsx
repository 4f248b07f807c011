import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../lib/api'
import { useMe } from '../../lib/session'
import type { Invitation, Page } from '../../lib/types'
import { ErrorState } from '../../ui/ErrorState'
import { Until } from '../parts/Ago'
import { ConfirmDialog } from '../parts/ConfirmDialog'
import { Panel } from '../parts/Panel'
import p from '../parts/parts.module.css'
import { InviteDialog } from './InviteDialog'
import { useRoleName } from '../roles/roles'
import s from './members.module.css'

/** Who was invited and has not come yet. */
export function Invitations() {
  const client = useQueryClient()
  const isOwner = useMe().member.role === 'owner'
  const roleName = useRoleName()
  const { data, error, refetch } = useQuery({
    queryKey: ['invitations'],
    queryFn: () => api.get<Page<Invitation>>('/invitations').then((page) => page.items),
  })
  const [revoking, setRevoking] = useState<Invitation | null>(null)
  const [again, setAgain] = useState<Invitation | null>(null)

  async function revoke(invitation: Invitation) {
    await api.delete(`/invitations/${invitation.id}`)
    await client.invalidateQueries({ queryKey: ['invitations'] })
  }

  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!data?.length) return null
  return (
    <Panel title="Pending invitations" flush>
      <div className={p.tableWrap}>
        <table className={p.table} aria-label="Pending invitations">
          <thead>
            <tr>
              <th>Email</th>
              <th data-wide>Role</th>
              <th data-wide>Ends</th>
              <th data-end>
                <span className="visually-hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {data.map((invitation) => (
              <tr key={invitation.id}>
                <td>
                  <span className={s.email}>{invitation.email}</span>
                  <span className={`${p.small} ${p.muted}`}>
                    {roleName(invitation.role)} · ends <Until at={invitation.expires_at} />
                  </span>
                </td>
                <td data-wide>{roleName(invitation.role)}</td>
                <td data-wide>
                  <Until at={invitation.expires_at} />
                </td>
                <td data-end>
                  {(isOwner || invitation.role !== 'owner') && (
                    <span className={s.rowActions}>
                      <Button size="compact-sm" variant="subtle" onClick={() => setAgain(invitation)} aria-label={`New link for ${invitation.email}`}>
                        New link
                      </Button>
                      <Button
                        size="compact-sm"
                        variant="subtle"
                        color="red"
                        onClick={() => setRevoking(invitation)}
                        aria-label={`Revoke invitation of ${invitation.email}`}
                      >
                        Revoke
                      </Button>
                    </span>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {again && <InviteDialog again={again} onClose={() => setAgain(null)} />}
      {revoking && (
        <ConfirmDialog
          title="Revoke the invitation?"
          confirm="Revoke"
          onConfirm={() => revoke(revoking)}
          onClose={() => setRevoking(null)}
        >
          <p>
            The link sent to <b>{revoking.email}</b> stops working.
          </p>
        </ConfirmDialog>
      )}
    </Panel>
  )
}
