import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../lib/api'
import { toast, toastError } from '../../lib/toast'
import type { Page, Session } from '../../lib/types'
import { Badge } from '../../ui/Badge'
import { ErrorState } from '../../ui/ErrorState'
import { IconDeviceLaptop, IconDeviceMobile } from '../../ui/icons'
import { Ago } from '../parts/Ago'
import { ConfirmDialog } from '../parts/ConfirmDialog'
import { RowsSkeleton } from '../parts/PageSkeleton'
import { Panel } from '../parts/Panel'
import p from '../parts/parts.module.css'
import { deviceName, isHandheld } from './device'

const KEY = ['sessions']

export function Sessions() {
  const client = useQueryClient()
  const { data, error, refetch } = useQuery({
    queryKey: KEY,
    queryFn: () => api.get<Page<Session>>('/me/sessions').then(({ items }) => items.toSorted(byCurrentThenLatest)),
    staleTime: 0,
  })
  const [ending, setEnding] = useState(false)
  const [busy, setBusy] = useState<string | null>(null)

  async function end(session: Session) {
    setBusy(session.id)
    try {
      await api.delete(`/me/sessions/${session.id}`)
      await client.invalidateQueries({ queryKey: KEY })
      toast(`${deviceName(session.user_agent)} was signed out.`)
    } catch (reason) {
      toastError('The session goes on', reason)
    }
    setBusy(null)
  }

  async function endOthers() {
    await api.delete('/me/sessions')
    await client.invalidateQueries({ queryKey: KEY })
    toast('All other sessions were signed out.')
  }

  return (
    <Panel
      title="Sessions"
      text="Where you are signed in. End those that you do not know, and change your password."
      flush
      actions={
        data &&
        data.length > 1 && (
          <Button variant="default" onClick={() => setEnding(true)}>
            Sign out all others
          </Button>
        )
      }
    >
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <RowsSkeleton rows={2} />
      ) : (
        <ul className={p.devices} aria-label="Sessions">
          {data.map((session) => {
            const Icon = isHandheld(session.user_agent) ? IconDeviceMobile : IconDeviceLaptop
            const name = deviceName(session.user_agent)
            return (
              <li key={session.id}>
                <Icon size={20} stroke={1.6} aria-hidden />
                <div>
                  <b title={session.user_agent}>
                    {name}
                    {session.current && <Badge tone="ok">This session</Badge>}
                  </b>
                  <span>
                    {session.ip} · signed in <Ago at={session.created_at} />
                    {!session.current && (
                      <>
                        {' '}
                        · active <Ago at={session.last_seen_at} />
                      </>
                    )}
                  </span>
                </div>
                {!session.current && (
                  <Button
                    variant="subtle"
                    color="red"
                    size="compact-sm"
                    loading={busy === session.id}
                    onClick={() => void end(session)}
                    aria-label={`Sign out ${name}`}
                  >
                    Sign out
                  </Button>
                )}
              </li>
            )
          })}
        </ul>
      )}
      {ending && (
        <ConfirmDialog title="Sign out all other sessions?" confirm="Sign out all others" onConfirm={endOthers} onClose={() => setEnding(false)}>
          <p>You stay signed in here. Everywhere else your password is needed again.</p>
        </ConfirmDialog>
      )}
    </Panel>
  )
}

function byCurrentThenLatest(one: Session, other: Session): number {
  return Number(other.current) - Number(one.current) || other.last_seen_at.localeCompare(one.last_seen_at)
}
