import { Button } from '@mantine/core'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { REASONS } from '../../inbox/closing/BlockDialog'
import { api, query } from '../../lib/api'
import { useCan } from '../../lib/session'
import { toast } from '../../lib/toast'
import type { BlockedContact, Page } from '../../lib/types'
import { Avatar } from '../../ui/Avatar'
import { EmptyState } from '../../ui/EmptyState'
import { IconBan } from '../../ui/icons'
import c from '../canned/canned.module.css'
import { Ago } from '../parts/Ago'
import { ConfirmDialog } from '../parts/ConfirmDialog'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { FailedPage, ForbiddenPage } from '../parts/States'
import p from '../parts/parts.module.css'
import s from './blocked.module.css'

const TITLE = 'Blocked contacts'
const KEY = ['contacts', 'blocked']

/** From whom nothing is shown any more, why, and the way back. */
export default function BlockedPage() {
  const allowed = useCan('inbox.read')
  const mayReply = useCan('inbox.reply')
  const client = useQueryClient()
  const [freed, setFreed] = useState<BlockedContact | null>(null)
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: KEY,
    queryFn: ({ pageParam, signal }) => api.get<Page<BlockedContact>>(`/contacts/blocked${query({ cursor: pageParam })}`, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    enabled: allowed,
  })

  async function unblock(contact: BlockedContact) {
    await api.post(`/contacts/${contact.id}/unblock`)
    await client.invalidateQueries({ queryKey: KEY })
    toast(`${contact.name} may write again.`)
  }

  if (!allowed) return <ForbiddenPage title={TITLE} />
  if (error && !data) return <FailedPage title={TITLE} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton title={TITLE} />
  const blocked = data.pages.flatMap((page) => page.items)
  return (
    <>
      <Heading title={TITLE} text="What they write is kept and shown nowhere. Block somebody from the menu of their conversation." />
      <section className={c.list} aria-label={TITLE}>
        {blocked.length === 0 ? (
          <EmptyState icon={IconBan} title="Nobody is blocked" text="Spammers and worse can be kept away from every list." />
        ) : (
          <div className={p.tableWrap}>
            <table className={p.table} aria-label={TITLE}>
              <thead>
                <tr>
                  <th>Contact</th>
                  <th>Why</th>
                  <th data-wide>By</th>
                  <th data-wide>Since</th>
                  <th data-end>
                    <span className="visually-hidden">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {blocked.map((contact) => (
                  <tr key={contact.id}>
                    <td>
                      <Link to="/contacts/$contactId" params={{ contactId: contact.id }} className={s.person ?? ''}>
                        <Avatar name={contact.name} hue={contact.avatar_hue} size={28} />
                        <b>{contact.name}</b>
                      </Link>
                    </td>
                    <td>
                      {REASONS.find(({ value }) => value === contact.block.reason)?.label}
                      {contact.block.note && <span className={c.text}>{contact.block.note}</span>}
                    </td>
                    <td data-wide className={p.nowrap}>
                      {contact.block.by}
                    </td>
                    <td data-wide className={p.nowrap}>
                      <Ago at={contact.block.at} />
                    </td>
                    <td data-end>
                      {mayReply && (
                        <Button size="compact-sm" variant="default" aria-label={`Unblock ${contact.name}`} onClick={() => setFreed(contact)}>
                          Unblock
                        </Button>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
        {hasNextPage && (
          <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Show more
          </Button>
        )}
      </section>
      {freed && (
        <ConfirmDialog title={`Unblock ${freed.name}?`} confirm="Unblock" danger={false} onConfirm={() => unblock(freed)} onClose={() => setFreed(null)}>
          <p>Their conversation stays closed until they write again.</p>
        </ConfirmDialog>
      )}
    </>
  )
}
