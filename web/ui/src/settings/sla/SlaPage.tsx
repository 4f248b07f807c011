import { ActionIcon, Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../lib/api'
import { useCan } from '../../lib/session'
import { toast, toastError } from '../../lib/toast'
import type { SlaPolicy } from '../../lib/types'
import { METRICS, type Metric } from '../../sla/sla'
import { Badge } from '../../ui/Badge'
import { EmptyState } from '../../ui/EmptyState'
import { IconArrowDown, IconPlus, IconStopwatch, IconTrash } from '../../ui/icons'
import { ConfirmDialog } from '../parts/ConfirmDialog'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { SettingsLink } from '../parts/SettingsLink'
import { FailedPage, ForbiddenPage } from '../parts/States'
import p from '../parts/parts.module.css'
import { useGoTo, useSettingsPath } from '../parts/useSettingsPath'
import { PolicyPage } from './PolicyPage'
import { minutesText, policiesQuery } from './policies'
import s from './sla.module.css'

const TITLE = 'Service levels'

/** `sla`, `sla/new`, `sla/sla_1` */
export default function SlaPage() {
  const [id] = useSettingsPath()
  const manages = useCan('inbox.manage')
  if (!manages) return <ForbiddenPage title={TITLE} />
  return id === undefined ? <PolicyList /> : <PolicyPage key={id} id={id} />
}

function PolicyList() {
  const goTo = useGoTo()
  const client = useQueryClient()
  const { data, error, refetch } = useQuery(policiesQuery)
  const [deleting, setDeleting] = useState<SlaPolicy | null>(null)
  if (error && !data) return <FailedPage title={TITLE} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton title={TITLE} />

  async function moveDown(at: number) {
    const ids = data?.map((policy) => policy.id) ?? []
    const [moved] = ids.splice(at, 1)
    if (!moved) return
    ids.splice(at + 1, 0, moved)
    try {
      await api.post('/sla-policies/order', { ids })
    } catch (reason) {
      toastError('Not moved', reason)
    }
    await client.invalidateQueries({ queryKey: ['sla-policies'] })
  }

  async function remove(policy: SlaPolicy) {
    await api.delete(`/sla-policies/${policy.id}`)
    await client.invalidateQueries({ queryKey: ['sla-policies'] })
    toast(`${policy.name} was deleted.`)
  }

  const create = (
    <Button leftSection={<IconPlus size={16} />} onClick={() => goTo('sla/new')}>
      Add a policy
    </Button>
  )
  return (
    <>
      <Heading
        title={TITLE}
        text="How soon customers get an answer and a solution. The first policy that fits applies."
        actions={data.length > 0 && create}
      />
      <section className={s.list} aria-label={TITLE}>
        {data.length === 0 ? (
          <EmptyState
            icon={IconStopwatch}
            title="Nothing is promised yet"
            text="A policy sets times for answers and solutions, counts them in business hours, and says who is told before one is missed."
            action={create}
          />
        ) : (
          <div className={p.tableWrap}>
            <table className={p.table} aria-label={TITLE}>
              <thead>
                <tr>
                  <th>Name</th>
                  <th data-wide>For</th>
                  <th data-wide>Promises</th>
                  <th data-end>
                    <span className="visually-hidden">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {data.map((policy, at) => (
                  <tr key={policy.id}>
                    <td>
                      <SettingsLink to={`sla/${policy.id}`} className={s.name}>
                        {policy.name}
                      </SettingsLink>{' '}
                      {!policy.enabled && <Badge>Off</Badge>}
                    </td>
                    <td data-wide>{policy.subject === 'tickets' ? 'Tickets' : 'Conversations'}</td>
                    <td data-wide>{promises(policy)}</td>
                    <td data-end className={p.nowrap}>
                      {at < data.length - 1 && (
                        <ActionIcon aria-label={`Move ${policy.name} down`} onClick={() => void moveDown(at)}>
                          <IconArrowDown size={16} />
                        </ActionIcon>
                      )}
                      <ActionIcon aria-label={`Delete ${policy.name}`} onClick={() => setDeleting(policy)}>
                        <IconTrash size={16} />
                      </ActionIcon>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
      {deleting && (
        <ConfirmDialog title={`Delete ${deleting.name}?`} confirm="Delete" onConfirm={() => remove(deleting)} onClose={() => setDeleting(null)}>
          <p>What it timed is timed by the next policy that fits, or not any more. What was missed stays on record.</p>
        </ConfirmDialog>
      )}
    </>
  )
}

function promises(policy: SlaPolicy): string {
  const [target] = policy.targets
  if (!target) return ''
  return (Object.keys(METRICS) as Metric[])
    .flatMap((metric) => (target[metric] ? [`${METRICS[metric].toLowerCase()} ${minutesText(target[metric])}`] : []))
    .join(', ')
}
