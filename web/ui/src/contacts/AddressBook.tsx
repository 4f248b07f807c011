import { ActionIcon, Button, Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Suspense, lazy, useState } from 'react'
import { api } from '../lib/api'
import { fullTime } from '../lib/format'
import { queryClient } from '../lib/query'
import { useCan, useMe } from '../lib/session'
import { toastError } from '../lib/toast'
import type { Destination } from '../lib/types'
import { Badge } from '../ui/Badge'
import { ErrorState } from '../ui/ErrorState'
import { Skeleton } from '../ui/Skeleton'
import { IconDots, IconMapPin } from '../ui/icons'
import { destinationsQuery, mapOf, type Destinations } from './destinations'
import s from './addresses.module.css'

const DestinationDialog = lazy(() => import('./DestinationDialog'))

/** Where things are delivered to a person. */
export function AddressBook({ contactId }: { contactId: string }) {
  const hidden = useMe().masks.includes('addresses')
  const mayWrite = useCan('contacts.write') && !hidden
  const query = destinationsQuery(contactId)
  const { data, error, refetch } = useQuery(query)
  const [editing, setEditing] = useState<Destination | 'new' | null>(null)
  const path = `/contacts/${contactId}/destinations`

  async function change(asked: Promise<Destinations>) {
    try {
      queryClient.setQueryData(query.queryKey, await asked)
    } catch (refusal) {
      toastError('The address was not changed', refusal)
    }
  }

  return (
    <section aria-label="Address book">
      <h2>Address book</h2>
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Skeleton height={44} />
      ) : (
        <ul className={s.book}>
          {data.items.map((each) => (
            <li key={each.id}>
              <IconMapPin size={17} />
              <div>
                <b>
                  {each.label}
                  {each.default && data.items.length > 1 && <Badge tone="neutral">Default</Badge>}
                </b>
                {each.recipient && <span>{each.recipient}</span>}
                {each.text && <span className={s.text}>{each.text}</span>}
                {each.note && <small>{each.note}</small>}
                {each.latitude !== null && each.longitude !== null && (
                  <a href={mapOf(each.latitude, each.longitude)} target="_blank" rel="noreferrer noopener">
                    {hidden ? 'About here' : 'On the map'}
                  </a>
                )}
                {each.past[0] && (
                  <small title={each.past.map((past) => `${past.by_name}, ${fullTime(past.at)}: was ${Object.values(past.values).join(', ')}`).join('\n')}>
                    Changed by {each.past[0].by_name}
                  </small>
                )}
              </div>
              {mayWrite && (
                <Menu position="bottom-end" width={170}>
                  <Menu.Target>
                    <ActionIcon size={26} aria-label={`More about ${each.label}`}>
                      <IconDots size={16} />
                    </ActionIcon>
                  </Menu.Target>
                  <Menu.Dropdown>
                    <Menu.Item onClick={() => setEditing(each)}>Edit…</Menu.Item>
                    {!each.default && (
                      <Menu.Item onClick={() => void change(api.patch<Destinations>(`${path}/${each.id}`, { default: true }))}>Make it the default</Menu.Item>
                    )}
                    <Menu.Item color="red" onClick={() => void change(api.delete<Destinations>(`${path}/${each.id}`))}>
                      Delete
                    </Menu.Item>
                  </Menu.Dropdown>
                </Menu>
              )}
            </li>
          ))}
        </ul>
      )}
      {data?.folded && <p className={s.none}>Folded away until somebody has made sure who this is.</p>}
      {data?.items.length === 0 && !data.folded && <p className={s.none}>No address yet. A location that they share can be kept from the conversation.</p>}
      {mayWrite && data && !data.folded && (
        <Button size="compact-sm" variant="subtle" className={s.add ?? ''} onClick={() => setEditing('new')}>
          Add an address
        </Button>
      )}
      <Suspense fallback={null}>
        {editing && <DestinationDialog contactId={contactId} known={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
      </Suspense>
    </section>
  )
}
