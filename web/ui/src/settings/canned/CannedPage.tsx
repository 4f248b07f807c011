import { ActionIcon, Button, Menu, TextInput } from '@mantine/core'
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
import { EmptyState } from '../../ui/EmptyState'
import { IconBolt, IconDots, IconPaperclip, IconPencil, IconPlus, IconSearch, IconTrash } from '../../ui/icons'
import { Kbd } from '../../ui/Kbd'
import { Ago } from '../parts/Ago'
import { ConfirmDialog } from '../parts/ConfirmDialog'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { FailedPage, ForbiddenPage } from '../parts/States'
import p from '../parts/parts.module.css'
import { CannedDialog } from './CannedDialog'
import s from './canned.module.css'

const TITLE = 'Canned replies'
const MOST_SHOWN = 300

export default function CannedPage() {
  const allowed = useCan('inbox.reply')
  const manages = useCan('inbox.manage')
  const client = useQueryClient()
  const { data, error, refetch } = useQuery({ ...cannedQuery, enabled: allowed })
  const [search, setSearch] = useState('')
  const [edited, setEdited] = useState<CannedReply | 'new' | null>(null)
  const [deleted, setDeleted] = useState<CannedReply | null>(null)

  async function remove(reply: CannedReply) {
    await api.delete(`/canned-replies/${reply.id}`)
    await client.invalidateQueries({ queryKey: ['canned'] })
    toast(`/${reply.shortcut} was deleted.`)
  }

  if (!allowed) return <ForbiddenPage title={TITLE} />
  if (error && !data) return <FailedPage title={TITLE} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton title={TITLE} />
  const create = (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setEdited('new')}>
      New canned reply
    </Button>
  )
  const shown = best(search.trim().replace(/^\//, ''), data, (reply) => [reply.shortcut, reply.title], MOST_SHOWN)
  return (
    <>
      <Heading
        title={TITLE}
        text={
          <>
            Texts for what you are asked every day. Type <Kbd>/</Kbd> in an answer to insert one.
          </>
        }
        actions={data.length > 0 && create}
      />
      <section className={s.list} aria-label={TITLE}>
        {data.length === 0 ? (
          <EmptyState
            icon={IconBolt}
            title="No canned replies yet"
            text="Keep an answer once, with the customer's name in it, and insert it with a few keys."
            action={create}
          />
        ) : (
          <>
            <div className={s.search}>
              <TextInput
                aria-label="Search canned replies"
                placeholder="Search"
                leftSection={<IconSearch size={15} />}
                value={search}
                onChange={(event) => setSearch(event.currentTarget.value)}
              />
            </div>
            {shown.length === 0 ? (
              <EmptyState icon={IconSearch} title="Nothing found" text="No canned reply is called that." />
            ) : (
              <div className={p.tableWrap}>
                <table className={p.table} aria-label={TITLE}>
                  <thead>
                    <tr>
                      <th>Reply</th>
                      <th data-wide>For</th>
                      <th data-wide>Used</th>
                      <th data-wide>Last used</th>
                      <th data-end>
                        <span className="visually-hidden">Actions</span>
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {shown.map((reply) => (
                      <Row
                        key={reply.id}
                        reply={reply}
                        editable={manages || !reply.shared}
                        onEdit={() => setEdited(reply)}
                        onDelete={() => setDeleted(reply)}
                      />
                    ))}
                  </tbody>
                </table>
              </div>
            )}
          </>
        )}
      </section>
      {edited && <CannedDialog reply={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />}
      {deleted && (
        <ConfirmDialog title={`Delete /${deleted.shortcut}?`} confirm="Delete" onConfirm={() => remove(deleted)} onClose={() => setDeleted(null)}>
          <p>
            <b>{deleted.title}</b> was used {plural(deleted.uses, 'time')}. Answers that were sent with it stay as they are.
          </p>
        </ConfirmDialog>
      )}
    </>
  )
}

interface RowProps {
  reply: CannedReply
  editable: boolean
  onEdit: () => void
  onDelete: () => void
}

function Row({ reply, editable, onEdit, onDelete }: RowProps) {
  const { shortcut, title, variants, files, shared, uses } = reply
  return (
    <tr>
      <td>
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
      </td>
      <td data-wide className={p.nowrap}>
        {shared ? 'Everyone' : 'Only me'}
      </td>
      <td data-wide className={p.nowrap}>
        {plural(uses, 'time')}
      </td>
      <td data-wide className={p.nowrap}>
        <Ago at={reply.last_used_at} />
      </td>
      <td data-end>
        {editable && (
          <Menu position="bottom-end" width={160}>
            <Menu.Target>
              <ActionIcon aria-label={`Actions for /${shortcut}`}>
                <IconDots size={17} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<IconPencil size={16} />} onClick={onEdit}>
                Edit…
              </Menu.Item>
              <Menu.Item leftSection={<IconTrash size={16} />} className={p.dangerItem ?? ''} onClick={onDelete}>
                Delete…
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
      </td>
    </tr>
  )
}
