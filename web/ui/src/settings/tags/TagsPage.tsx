import { Button, Menu, Progress } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { tagsQuery } from '../../inbox/list/choices'
import t from '../../inbox/tags/tags.module.css'
import { api } from '../../lib/api'
import { count as formatted } from '../../lib/format'
import { useCan } from '../../lib/session'
import { toast } from '../../lib/toast'
import type { Tag } from '../../lib/types'
import { IconArrowsJoin, IconPlus, IconTag } from '../../ui/icons'
import c from '../canned/canned.module.css'
import { ConfirmDialog } from '../parts/ConfirmDialog'
import { ListPage } from '../parts/ListPage'
import { RowMenu } from '../parts/RowMenu'
import { ForbiddenPage } from '../parts/States'
import { MergeDialog, TagDialog } from './TagDialogs'
import s from './tags.module.css'

const TITLE = 'Tags'

export default function TagsPage() {
  const allowed = useCan('inbox.read')
  const manages = useCan('inbox.manage')
  const client = useQueryClient()
  const list = useQuery({ ...tagsQuery, enabled: allowed })
  const [edited, setEdited] = useState<Tag | 'new' | null>(null)
  const [merged, setMerged] = useState<Tag | null>(null)
  const [deleted, setDeleted] = useState<Tag | null>(null)

  async function remove(tag: Tag) {
    await api.delete(`/tags/${tag.id}`)
    await client.invalidateQueries({ queryKey: tagsQuery.queryKey })
    toast(`${tag.name} was deleted.`)
  }

  if (!allowed) return <ForbiddenPage title={TITLE} />
  const all = list.data ?? []
  const names = new Map(all.map((tag) => [tag.id, tag.name]))
  return (
    <ListPage
      title={TITLE}
      text="Words to sort conversations and tickets by."
      list={list}
      empty={{ icon: IconTag, title: 'No tags yet', text: 'Tags say what a conversation is about, for filters, views, rules and reports.' }}
      create={
        manages && (
          <Button leftSection={<IconPlus size={16} />} onClick={() => setEdited('new')}>
            New tag
          </Button>
        )
      }
      columns={[
        {
          head: 'Tag',
          cell: (tag) => (
            <>
              <span className={`${t.tag} ${s.tag}`} data-colour={tag.colour}>
                <i aria-hidden />
                {tag.name}
              </span>
              {tag.merges_into && <Merging tag={tag} into={names.get(tag.merges_into) ?? ''} />}
            </>
          ),
        },
        { head: 'Open', wide: true, nowrap: true, cell: ({ open }) => formatted(open) },
        { head: 'In all', nowrap: true, cell: ({ total }) => formatted(total) },
        {
          head: 'Actions',
          silent: true,
          end: true,
          cell: (tag) =>
            manages &&
            !tag.merges_into && (
              <RowMenu name={tag.name} onEdit={() => setEdited(tag)} onDelete={() => setDeleted(tag)}>
                {all.length > 1 && (
                  <Menu.Item leftSection={<IconArrowsJoin size={16} />} onClick={() => setMerged(tag)}>
                    Merge…
                  </Menu.Item>
                )}
              </RowMenu>
            ),
        },
      ]}
    >
      {edited && <TagDialog tag={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />}
      {merged && <MergeDialog tag={merged} others={all.filter((tag) => tag.id !== merged.id && !tag.merges_into)} onClose={() => setMerged(null)} />}
      {deleted && (
        <ConfirmDialog title={`Delete ${deleted.name}?`} confirm="Delete" onConfirm={() => remove(deleted)} onClose={() => setDeleted(null)}>
          <p>Only a tag that nothing uses is deleted. One that is in use can be merged into another.</p>
        </ConfirmDialog>
      )}
    </ListPage>
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
