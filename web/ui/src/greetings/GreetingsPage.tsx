import { Button, Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { CampaignLink, useCampaign } from '../campaigns/CampaignLink'
import { api } from '../lib/api'
import { queryClient } from '../lib/query'
import { useCan } from '../lib/session'
import { toast, toastError } from '../lib/toast'
import type { Greeting } from '../lib/types'
import { ConfirmDialog } from '../settings/parts/ConfirmDialog'
import { ListPage } from '../settings/parts/ListPage'
import { RowMenu } from '../settings/parts/RowMenu'
import { Badge } from '../ui/Badge'
import { IconMessageCircle, IconPlayerPauseFilled, IconPlayerPlayFilled, IconPlus } from '../ui/icons'
import { GreetingEditor } from './GreetingEditor'
import { greetingsQuery, ruleText, share } from './greetings'
import s from './greetings.module.css'

/** `greetings`, `greetings/new`, `greetings/gre_1` */
export default function GreetingsPage({ rest }: { rest: string[] }) {
  const [id] = rest
  return id === undefined ? <GreetingList /> : <GreetingEditor key={id} id={id} />
}

function GreetingList() {
  const list = useQuery(greetingsQuery)
  const goTo = useCampaign()
  const mayWrite = useCan('broadcasts.write')
  const [deleting, setDeleting] = useState<Greeting | null>(null)

  async function turn(greeting: Greeting) {
    const active = !greeting.settings.active
    try {
      await api.put(`/greetings/${greeting.id}`, { ...greeting.settings, active, version: greeting.version })
      toast(active ? 'It is shown from now on.' : 'It is shown to nobody any more.')
    } catch (refused) {
      toastError('It was not changed', refused)
    }
    await queryClient.invalidateQueries({ queryKey: ['greetings'] })
  }

  return (
    <ListPage
      title="Greetings"
      text="What the chat on your site says by itself, on the pages and to the visitors you choose. Figures are of the last 30 days; of several that fit, the first in the list goes."
      list={list}
      create={
        mayWrite && (
          <Button leftSection={<IconPlus size={16} />} onClick={() => goTo('greetings/new')}>
            New greeting
          </Button>
        )
      }
      empty={{
        icon: IconMessageCircle,
        title: 'No greetings yet',
        text: 'Offer help where people hesitate: on the page of prices, in the cart, when they come back.',
      }}
      columns={[
        {
          head: 'Greeting',
          cell: (each) => (
            <>
              <CampaignLink to={`greetings/${each.id}`} className={s.name ?? ''}>
                {each.settings.name}
              </CampaignLink>{' '}
              {!each.settings.active && <Badge tone="neutral">off</Badge>}
              <span className={s.rule}>{ruleText(each.settings)}</span>
            </>
          ),
        },
        { head: 'Shown', wide: true, end: true, cell: (each) => each.shown.toLocaleString('en') },
        { head: 'Opened', wide: true, end: true, cell: (each) => each.opened.toLocaleString('en') },
        { head: 'Answered', end: true, nowrap: true, cell: (each) => (each.shown > 0 ? `${each.answered.toLocaleString('en')} (${share(each.answered, each.shown)})` : '–') },
        {
          head: 'Actions',
          silent: true,
          end: true,
          cell: (each) =>
            mayWrite && (
              <RowMenu name={each.settings.name} onEdit={() => goTo(`greetings/${each.id}`)} onDelete={() => setDeleting(each)}>
                <Menu.Item
                  leftSection={each.settings.active ? <IconPlayerPauseFilled size={16} /> : <IconPlayerPlayFilled size={16} />}
                  onClick={() => void turn(each)}
                >
                  {each.settings.active ? 'Switch off' : 'Switch on'}
                </Menu.Item>
              </RowMenu>
            ),
        },
      ]}
    >
      {deleting && (
        <ConfirmDialog
          title={`Delete ${deleting.settings.name}?`}
          confirm="Delete"
          onClose={() => setDeleting(null)}
          onConfirm={async () => {
            await api.delete(`/greetings/${deleting.id}`)
            await queryClient.invalidateQueries({ queryKey: ['greetings'] })
          }}
        >
          <p>Nobody is shown it any more, and its figures go. Conversations that it began stay as they are.</p>
        </ConfirmDialog>
      )}
    </ListPage>
  )
}
