import { ActionIcon, Button, Menu } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { actionLabel, macrosQuery } from '../../inbox/macros/macros'
import { api } from '../../lib/api'
import { plural } from '../../lib/format'
import { useCan } from '../../lib/session'
import { toast } from '../../lib/toast'
import type { Macro } from '../../lib/types'
import { EmptyState } from '../../ui/EmptyState'
import { IconDots, IconPencil, IconPlus, IconStack2, IconTrash } from '../../ui/icons'
import { Kbd } from '../../ui/Kbd'
import c from '../canned/canned.module.css'
import { Ago } from '../parts/Ago'
import { ConfirmDialog } from '../parts/ConfirmDialog'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { FailedPage, ForbiddenPage } from '../parts/States'
import p from '../parts/parts.module.css'
import { MacroDialog } from './MacroDialog'

const TITLE = 'Macros'

export default function MacrosPage() {
  const allowed = useCan('inbox.reply')
  const manages = useCan('inbox.manage')
  const client = useQueryClient()
  const { data, error, refetch } = useQuery({ ...macrosQuery, enabled: allowed })
  const [edited, setEdited] = useState<Macro | 'new' | null>(null)
  const [deleted, setDeleted] = useState<Macro | null>(null)

  async function remove(macro: Macro) {
    await api.delete(`/macros/${macro.id}`)
    await client.invalidateQueries({ queryKey: ['macros'] })
    toast(`${macro.name} was deleted.`)
  }

  if (!allowed) return <ForbiddenPage title={TITLE} />
  if (error && !data) return <FailedPage title={TITLE} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton title={TITLE} />
  const create = (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setEdited('new')}>
      New macro
    </Button>
  )
  return (
    <>
      <Heading
        title={TITLE}
        text={
          <>
            Several actions in one, done in order. Press <Kbd>M</Kbd> in a conversation to run one.
          </>
        }
        actions={data.length > 0 && create}
      />
      <section className={c.list} aria-label={TITLE}>
        {data.length === 0 ? (
          <EmptyState
            icon={IconStack2}
            title="No macros yet"
            text="Answer, tag, assign and close with one key, for what comes in every day."
            action={create}
          />
        ) : (
          <div className={p.tableWrap}>
            <table className={p.table} aria-label={TITLE}>
              <thead>
                <tr>
                  <th>Macro</th>
                  <th data-wide>For</th>
                  <th data-wide>Used</th>
                  <th data-wide>Last used</th>
                  <th data-end>
                    <span className="visually-hidden">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {data.map((macro) => (
                  <tr key={macro.id}>
                    <td>
                      <div className={c.reply}>
                        <b>{macro.name}</b>
                      </div>
                      <span className={c.text}>{macro.actions.map((action) => actionLabel(action.type)).join(' → ')}</span>
                    </td>
                    <td data-wide className={p.nowrap}>
                      {macro.shared ? 'Everyone' : 'Only me'}
                    </td>
                    <td data-wide className={p.nowrap}>
                      {plural(macro.uses, 'time')}
                    </td>
                    <td data-wide className={p.nowrap}>
                      <Ago at={macro.last_used_at} />
                    </td>
                    <td data-end>
                      {(manages || !macro.shared) && (
                        <Menu position="bottom-end" width={160}>
                          <Menu.Target>
                            <ActionIcon aria-label={`Actions for ${macro.name}`}>
                              <IconDots size={17} />
                            </ActionIcon>
                          </Menu.Target>
                          <Menu.Dropdown>
                            <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => setEdited(macro)}>
                              Edit…
                            </Menu.Item>
                            <Menu.Item leftSection={<IconTrash size={16} />} className={p.dangerItem ?? ''} onClick={() => setDeleted(macro)}>
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
      {edited && <MacroDialog macro={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />}
      {deleted && (
        <ConfirmDialog title={`Delete ${deleted.name}?`} confirm="Delete" onConfirm={() => remove(deleted)} onClose={() => setDeleted(null)}>
          <p>What was done with it stays as it is.</p>
        </ConfirmDialog>
      )}
    </>
  )
}
