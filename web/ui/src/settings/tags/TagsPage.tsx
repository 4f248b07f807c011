import { ActionIcon, Button, Menu, Progress } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { tagsQuery } from '../../inbox/list/choices'
import t from '../../inbox/tags/tags.module.css'
import { api } from '../../lib/api'
import { count as formatted } from '../../lib/format'
import { useCan } from '../../lib/session'
import { toast } from '../../lib/toast'
import type { Tag } from '../../lib/types'
import { EmptyState } from '../../ui/EmptyState'
import { IconArrowsJoin, IconDots, IconPencil, IconPlus, IconTag, IconTrash } from '../../ui/icons'
import c from '../canned/canned.module.css'
import { ConfirmDialog } from '../parts/ConfirmDialog'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { FailedPage, ForbiddenPage } from '../parts/States'
import p from '../parts/parts.module.css'
import { MergeDialog, TagDialog } from './TagDialogs'

const TITLE = 'Tags'

export default function TagsPage() {
  const allowed = useCan('inbox.read')
  const manages = useCan('inbox.manage')
  const client = useQueryClient()
  const { data, error, refetch } = useQuery({ ...tagsQuery, enabled: allowed })
  const [edited, setEdited] = useState<Tag | 'new' | null>(null)
  const [merged, setMerged] = useState<Tag | null>(null)
  const [deleted, setDeleted] = useState<Tag | null>(null)

  async function remove(tag: Tag) {
    await api.delete(`/tags/${tag.id}`)
    await client.invalidateQueries({ queryKey: tagsQuery.queryKey })
    toast(`${tag.name} was deleted.`)
  }

  if (!allowed) return <ForbiddenPage title={TITLE} />
  if (error && !data) return <FailedPage title={TITLE} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton title={TITLE} />
  const names = new Map(data.map((tag) => [tag.id, tag.name]))
  const create = manages && (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setEdited('new')}>
      New tag
    </Button>
  )
  return (
    <>
      <Heading title={TITLE} text="Words to sort conversations and tickets by." actions={data.length > 0 && create} />
      <section className={c.list} aria-label={TITLE}>
        {data.length === 0 ? (
          <EmptyState icon={IconTag} title="No tags yet" text="Tags say what a conversation is about, for filters, views, rules and reports." action={create} />
        ) : (
          <div className={p.tableWrap}>
            <table className={p.table} aria-label={TITLE}>
              <thead>
                <tr>
                  <th>Tag</th>
                  <th data-wide>Open</th>
                  <th>All conversations</th>
                  <th data-end>
                    <span className="visually-hidden">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {data.map((tag) => (
                  <tr key={tag.id}>
                    <td>
                      <span className={t.tag} data-colour={tag.colour}>
                        <i aria-hidden />
                        {tag.name}
                      </span>
                      {tag.merges_into && <Merging tag={tag} into={names.get(tag.merges_into) ?? ''} />}
                    </td>
                    <td data-wide className={p.nowrap}>
                      {formatted(tag.open)}
                    </td>
                    <td className={p.nowrap}>{formatted(tag.total)}</td>
                    <td data-end>
                      {manages && !tag.merges_into && (
                        <Menu position="bottom-end" width={190}>
                          <Menu.Target>
                            <ActionIcon aria-label={`Actions for ${tag.name}`}>
                              <IconDots size={17} />
                            </ActionIcon>
                          </Menu.Target>
                          <Menu.Dropdown>
                            <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => setEdited(tag)}>
                              Edit…
                            </Menu.Item>
                            {data.length > 1 && (
                              <Menu.Item leftSection={<IconArrowsJoin size={16} />} onClick={() => setMerged(tag)}>
                                Merge into another…
                              </Menu.Item>
                            )}
                            <Menu.Item leftSection={<IconTrash size={16} />} className={p.dangerItem ?? ''} onClick={() => setDeleted(tag)}>
                              Delete…
                            </Menu.Item>
                          </Menu.Dropdown>
                        </Menu>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
      {edited && <TagDialog tag={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />}
      {merged && <MergeDialog tag={merged} others={data.filter((tag) => tag.id !== merged.id && !tag.merges_into)} onClose={() => setMerged(null)} />}
      {deleted && (
        <ConfirmDialog title={`Delete ${deleted.name}?`} confirm="Delete" onConfirm={() => remove(deleted)} onClose={() => setDeleted(null)}>
          <p>Only a tag that nothing uses is deleted. One that is in use can be merged into another.</p>
        </ConfirmDialog>
      )}
    </>
  )
}

function Merging({ tag, into }: { tag: Tag; into: string }) {
  const { done, of } = tag
  return (
    <div role="status">
      <span className={c.text}>
        Merging into {into}
        {of ? `: ${formatted(done ?? 0)} of ${formatted(of)}` : '…'}
      </span>
      <Progress value={of ? (100 * (done ?? 0)) / of : 0} size="xs" aria-label={`Merging ${tag.name}`} />
    </div>
  )
}
