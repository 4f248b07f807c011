import { Button, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { cannedQuery } from '../../inbox/assist/canned'
import { best } from '../../inbox/assist/fuzzy'
import { api } from '../../lib/api'
import { plural } from '../../lib/format'
import { useCan } from '../../lib/session'
import { toast } from '../../lib/toast'
import type { CannedReply } from '../../lib/types'
import { Badge } from '../../ui/Badge'
import { IconBolt, IconPaperclip, IconPlus, IconSearch } from '../../ui/icons'
import { Kbd } from '../../ui/Kbd'
import { Ago } from '../parts/Ago'
import { ConfirmDialog } from '../parts/ConfirmDialog'
import { ForbiddenPage } from '../parts/States'
import { ListPage } from '../parts/ListPage'
import { RowMenu } from '../parts/RowMenu'
import { CannedDialog } from './CannedDialog'
import s from './canned.module.css'

const TITLE = 'Canned replies'
const MOST_SHOWN = 300

export default function CannedPage() {
  const allowed = useCan('inbox.reply')
  const manages = useCan('inbox.manage')
  const client = useQueryClient()
  const list = useQuery({ ...cannedQuery, enabled: allowed })
  const [search, setSearch] = useState('')
  const [edited, setEdited] = useState<CannedReply | 'new' | null>(null)
  const [deleted, setDeleted] = useState<CannedReply | null>(null)

  async function remove(reply: CannedReply) {
    await api.delete(`/canned-replies/${reply.id}`)
    await client.invalidateQueries({ queryKey: ['canned'] })
    toast(`/${reply.shortcut} was deleted.`)
  }

  if (!allowed) return <ForbiddenPage title={TITLE} />
  return (
    <ListPage
      title={TITLE}
      text={
        <>
          Texts for what you are asked every day. Type <Kbd>/</Kbd> in an answer to insert one.
        </>
      }
      list={list}
      empty={{
        icon: IconBolt,
        title: 'No canned replies yet',
        text: "Keep an answer once, with the customer's name in it, and insert it with a few keys.",
      }}
      create={
        <Button leftSection={<IconPlus size={16} />} onClick={() => setEdited('new')}>
          New canned reply
        </Button>
      }
      search={{
        box: (
          <TextInput
            aria-label="Search canned replies"
            placeholder="Search"
            leftSection={<IconSearch size={15} />}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
        ),
        found: best(search.trim().replace(/^\//, ''), list.data ?? [], (reply) => [reply.shortcut, reply.title], MOST_SHOWN),
      }}
      columns={[
        { head: 'Reply', cell: (reply) => <Reply reply={reply} /> },
        { head: 'For', wide: true, nowrap: true, cell: ({ shared }) => (shared ? 'Everyone' : 'Only me') },
        { head: 'Used', wide: true, nowrap: true, cell: ({ uses }) => plural(uses, 'time') },
        { head: 'Last used', wide: true, nowrap: true, cell: (reply) => <Ago at={reply.last_used_at} /> },
        {
          head: 'Actions',
          silent: true,
          end: true,
          cell: (reply) =>
            (manages || !reply.shared) && (
              <RowMenu name={`/${reply.shortcut}`} onEdit={() => setEdited(reply)} onDelete={() => setDeleted(reply)} />
            ),
        },
      ]}
    >
      {edited && <CannedDialog reply={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />}
      {deleted && (
        <ConfirmDialog title={`Delete /${deleted.shortcut}?`} confirm="Delete" onConfirm={() => remove(deleted)} onClose={() => setDeleted(null)}>
          <p>
            <b>{deleted.title}</b> was used {plural(deleted.uses, 'time')}. Answers that were sent with it stay as they are.
          </p>
        </ConfirmDialog>
      )}
    </ListPage>
  )
}

function Reply({ reply: { shortcut, title, variants, files } }: { reply: CannedReply }) {
  return (
    <>
      <div className={s.reply}>
        <code>/{shortcut}</code>
        <b>{title}</b>
        {variants.length > 1 && <Badge>{plural(variants.length - 1, 'variant')}</Badge>}
        {files.length > 0 && (
          <Badge>
            <IconPaperclip size={12} aria-hidden /> {files.length}
          </Badge>
        )}
      </div>
      <span className={s.text}>{variants[0]?.text}</span>
    </>
  )
}
