import { ActionIcon, Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../lib/api'
import { useCan } from '../../lib/session'
import { toast, toastError } from '../../lib/toast'
import type { SlaPolicy } from '../../lib/types'
import { METRICS, type Metric } from '../../sla/sla'
import { Badge } from '../../ui/Badge'
import { IconArrowDown, IconPlus, IconStopwatch, IconTrash } from '../../ui/icons'
import { ConfirmDialog } from '../parts/ConfirmDialog'
import { ForbiddenPage } from '../parts/States'
import { useGoTo, useSettingsPath } from '../parts/useSettingsPath'
import { ListPage } from '../parts/ListPage'
import { ListLink } from '../parts/ListLink'
import p from '../parts/parts.module.css'
import { PolicyPage } from './PolicyPage'
import { minutesText, policiesQuery } from './policies'

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
  const list = useQuery(policiesQuery)
  const [deleting, setDeleting] = useState<SlaPolicy | null>(null)

  async function moveDown(at: number) {
    const ids = list.data?.map((policy) => policy.id) ?? []
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

  return (
    <ListPage
      title={TITLE}
      text="How soon customers get an answer and a solution. The first policy that fits applies."
      list={list}
      empty={{
        icon: IconStopwatch,
        title: 'Nothing is promised yet',
        text: 'A policy sets times for answers and solutions, counts them in business hours, and says who is told before one is missed.',
      }}
      create={
        <Button leftSection={<IconPlus size={16} />} onClick={() => goTo('sla/new')}>
          Add a policy
        </Button>
      }
      columns={[
        {
          head: 'Name',
          cell: (policy) => (
            <>
              <ListLink to={`sla/${policy.id}`}>{policy.name}</ListLink> {!policy.enabled && <Badge>Off</Badge>}
              <span className={`${p.small} ${p.muted}`}>{promises(policy)}</span>
            </>
          ),
        },
        { head: 'For', wide: true, cell: ({ subject }) => (subject === 'tickets' ? 'Tickets' : 'Conversations') },
        { head: 'Promises', wide: true, cell: promises },
        {
          head: 'Actions',
          silent: true,
          end: true,
          nowrap: true,
          cell: (policy, at) => (
            <>
              {at < (list.data?.length ?? 0) - 1 && (
                <ActionIcon aria-label={`Move ${policy.name} down`} onClick={() => void moveDown(at)}>
                  <IconArrowDown size={16} />
                </ActionIcon>
              )}
              <ActionIcon aria-label={`Delete ${policy.name}`} onClick={() => setDeleting(policy)}>
                <IconTrash size={16} />
              </ActionIcon>
            </>
          ),
        },
      ]}
    >
      {deleting && (
        <ConfirmDialog title={`Delete ${deleting.name}?`} confirm="Delete" onConfirm={() => remove(deleting)} onClose={() => setDeleting(null)}>
          <p>What it timed is timed by the next policy that fits, or not any more. What was missed stays on record.</p>
        </ConfirmDialog>
      )}
    </ListPage>
  )
}

function promises(policy: SlaPolicy): string {
  const [target] = policy.targets
  if (!target) return ''
  return (Object.keys(METRICS) as Metric[])
    .flatMap((metric) => (target[metric] ? [`${METRICS[metric].toLowerCase()} ${minutesText(target[metric])}`] : []))
    .join(', ')
}
