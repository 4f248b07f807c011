import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useCan } from '../../lib/session'
import { Badge } from '../../ui/Badge'
import { IconForms, IconPlus } from '../../ui/icons'
import { ListLink } from '../parts/ListLink'
import { ListPage } from '../parts/ListPage'
import { ForbiddenPage } from '../parts/States'
import { useGoTo, useSettingsPath } from '../parts/useSettingsPath'
import { FormEditor } from './FormEditor'
import { formsQuery } from './signups'

const TITLE = 'Sign-up forms'

/** `signups`, `signups/new`, `signups/frm_1` */
export default function SignupsPage() {
  const [id] = useSettingsPath()
  const allowed = useCan('contacts.read')
  if (!allowed) return <ForbiddenPage title={TITLE} />
  return id === undefined ? <FormList /> : <FormEditor key={id} id={id} />
}

function FormList() {
  const goTo = useGoTo()
  const list = useQuery(formsQuery)
  const mayManage = useCan('consent.manage')
  return (
    <ListPage
      title={TITLE}
      text="Pages, links and QR codes by which people agree to marketing. Every version of their words is kept as evidence. Figures are of the last 30 days."
      list={list}
      create={
        mayManage && (
          <Button leftSection={<IconPlus size={16} />} onClick={() => goTo('signups/new')}>
            New form
          </Button>
        )
      }
      empty={{ icon: IconForms, title: 'No forms yet', text: 'A form is a page to link to, to print as a QR code, or to show on your site.' }}
      columns={[
        {
          head: 'Form',
          cell: (form) => (
            <>
              <ListLink to={`signups/${form.id}`}>{form.settings.name}</ListLink> {!form.settings.active && <Badge tone="neutral">closed</Badge>}
            </>
          ),
        },
        { head: 'Word', wide: true, cell: (form) => form.settings.word ?? '' },
        { head: 'Shown', wide: true, end: true, cell: (form) => form.shown },
        { head: 'Sent', wide: true, end: true, cell: (form) => form.sent },
        { head: 'Agreed', end: true, cell: (form) => form.agreed },
      ]}
    />
  )
}
