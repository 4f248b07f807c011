import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { actionLabel, macrosQuery } from '../../inbox/macros/macros'
import { api } from '../../lib/api'
import { plural } from '../../lib/format'
import { useCan } from '../../lib/session'
import { toast } from '../../lib/toast'
import type { Macro } from '../../lib/types'
import { IconPlus, IconStack2 } from '../../ui/icons'
import { Kbd } from '../../ui/Kbd'
import c from '../canned/canned.module.css'
import { Ago } from '../parts/Ago'
import { ConfirmDialog } from '../parts/ConfirmDialog'
import { ForbiddenPage } from '../parts/States'
import { ListPage } from '../parts/ListPage'
import { RowMenu } from '../parts/RowMenu'
import { MacroDialog } from './MacroDialog'

const TITLE = 'Macros'

export default function MacrosPage() {
  const allowed = useCan('inbox.reply')
  const manages = useCan('inbox.manage')
  const client = useQueryClient()
  const list = useQuery({ ...macrosQuery, enabled: allowed })
  const [edited, setEdited] = useState<Macro | 'new' | null>(null)
  const [deleted, setDeleted] = useState<Macro | null>(null)

  async function remove(macro: Macro) {
    await api.delete(`/macros/${macro.id}`)
    await client.invalidateQueries({ queryKey: ['macros'] })
    toast(`${macro.name} was deleted.`)
  }

  if (!allowed) return <ForbiddenPage title={TITLE} />
  return (
    <ListPage
      title={TITLE}
      text={
        <>
          Several actions in one, done in order. Press <Kbd>M</Kbd> in a conversation to run one.
        </>
      }
      list={list}
      empty={{
        icon: IconStack2,
        title: 'No macros yet',
        text: 'Answer, tag, assign and close with one key, for what comes in every day.',
      }}
      create={
        <Button leftSection={<IconPlus size={16} />} onClick={() => setEdited('new')}>
          New macro
        </Button>
      }
      columns={[
        {
          head: 'Macro',
          cell: ({ name, actions }) => (
            <>
              <div className={c.reply}>
                <b>{name}</b>
              </div>
              <span className={c.text}>{actions.map((action) => actionLabel(action.type)).join(' → ')}</span>
            </>
          ),
        },
        { head: 'For', wide: true, nowrap: true, cell: ({ shared }) => (shared ? 'Everyone' : 'Only me') },
        { head: 'Used', wide: true, nowrap: true, cell: ({ uses }) => plural(uses, 'time') },
        { head: 'Last used', wide: true, nowrap: true, cell: (macro) => <Ago at={macro.last_used_at} /> },
        {
          head: 'Actions',
          silent: true,
          end: true,
          cell: (macro) =>
            (manages || !macro.shared) && (
              <RowMenu name={macro.name} onEdit={() => setEdited(macro)} onDelete={() => setDeleted(macro)} />
            ),
        },
      ]}
    >
      {edited && <MacroDialog macro={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />}
      {deleted && (
        <ConfirmDialog title={`Delete ${deleted.name}?`} confirm="Delete" onConfirm={() => remove(deleted)} onClose={() => setDeleted(null)}>
          <p>What was done with it stays as it is.</p>
        </ConfirmDialog>
      )}
    </ListPage>
  )
}
