import { Button } from '@mantine/core'
import { useInfiniteQuery, useQueryClient, type UseQueryResult } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { REASONS } from '../../inbox/closing/BlockDialog'
import { api, query } from '../../lib/api'
import { useCan } from '../../lib/session'
import { toast } from '../../lib/toast'
import type { BlockedContact, Page } from '../../lib/types'
import { Avatar } from '../../ui/Avatar'
import { IconBan } from '../../ui/icons'
import c from '../canned/canned.module.css'
import { Ago } from '../parts/Ago'
import { ConfirmDialog } from '../parts/ConfirmDialog'
import { ListPage } from '../parts/ListPage'
import { ForbiddenPage } from '../parts/States'
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
  return (
    <ListPage
      title={TITLE}
      text="What they write is kept and shown nowhere. Block somebody from the menu of their conversation."
      list={{ data: data?.pages.flatMap((page) => page.items), error, refetch } as Pick<UseQueryResult<BlockedContact[]>, 'data' | 'error' | 'refetch'>}
      empty={{ icon: IconBan, title: 'Nobody is blocked', text: 'Spammers and worse can be kept away from every list.' }}
      columns={[
        {
          head: 'Contact',
          cell: (contact) => (
            <Link to="/contacts/$contactId" params={{ contactId: contact.id }} className={s.person ?? ''}>
              <Avatar name={contact.name} hue={contact.avatar_hue} size={28} />
              <b>{contact.name}</b>
            </Link>
          ),
        },
        {
          head: 'Why',
          cell: ({ block }) => (
            <>
              {REASONS.find(({ value }) => value === block.reason)?.label}
              {block.note && <span className={c.text}>{block.note}</span>}
            </>
          ),
        },
        { head: 'By', wide: true, nowrap: true, cell: ({ block }) => block.by },
        { head: 'Since', wide: true, nowrap: true, cell: ({ block }) => <Ago at={block.at} /> },
        {
          head: 'Actions',
          silent: true,
          end: true,
          cell: (contact) =>
            mayReply && (
              <Button size="compact-sm" variant="default" aria-label={`Unblock ${contact.name}`} onClick={() => setFreed(contact)}>
                Unblock
              </Button>
            ),
        },
      ]}
    >
      {hasNextPage && (
        <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Show more
        </Button>
      )}
      {freed && (
        <ConfirmDialog title={`Unblock ${freed.name}?`} confirm="Unblock" danger={false} onConfirm={() => unblock(freed)} onClose={() => setFreed(null)}>
          <p>Their conversation stays closed until they write again.</p>
        </ConfirmDialog>
      )}
    </ListPage>
  )
}
