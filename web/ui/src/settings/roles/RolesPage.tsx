import { Button, Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { plural } from '../../lib/format'
import { useCan } from '../../lib/session'
import type { Role } from '../../lib/types'
import { Badge } from '../../ui/Badge'
import { IconChevronDown, IconCopy, IconShieldLock } from '../../ui/icons'
import { ForbiddenPage } from '../parts/States'
import { useGoTo, useSettingsPath } from '../parts/useSettingsPath'
import { ListPage } from '../parts/ListPage'
import { ListLink } from '../parts/ListLink'
import { RolePage } from './RolePage'
import { SCOPES, rolesQuery } from './roles'
import s from './roles.module.css'

const TITLE = 'Roles'

/** `roles`, `roles/new/agent` (a copy of that one), `roles/rol_1` */
export default function RolesPage() {
  const allowed = useCan('members.read')
  const [id, from] = useSettingsPath()
  if (!allowed) return <ForbiddenPage title={TITLE} />
  if (id === undefined) return <RoleList />
  return <RolePage key={`${id}/${from}`} id={id} from={from} />
}

function RoleList() {
  const manages = useCan('members.manage')
  const goTo = useGoTo()
  const list = useQuery(rolesQuery)
  return (
    <ListPage
      title={TITLE}
      text="What each kind of colleague may do, which conversations they see, and what of customers is hidden from them."
      list={list}
      empty={{ icon: IconShieldLock, title: 'No roles yet' }}
      create={
        manages && (
          <Menu position="bottom-end" width={240}>
            <Menu.Target>
              <Button rightSection={<IconChevronDown size={15} />}>Make a role</Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Label>As a copy of</Menu.Label>
              {list.data?.map((role) => (
                <Menu.Item key={role.id} leftSection={<IconCopy size={15} />} onClick={() => goTo(`roles/new/${role.id}`)}>
                  {role.name}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        )
      }
      columns={[
        {
          head: 'Role',
          cell: (role) => (
            <>
              <ListLink to={`roles/${role.id}`}>{role.name}</ListLink>{' '}
              {role.built_in && <Badge>Built in</Badge>}
              <p className={s.text}>{role.description || plural(role.permissions.length, 'permission')}</p>
            </>
          ),
        },
        { head: 'Sees', wide: true, cell: sees },
        { head: 'Members', end: true, cell: ({ members }) => members },
      ]}
    />
  )
}

function sees(role: Role): string {
  const hidden = role.masks.map((mask) => ({ phones: 'phone numbers', emails: 'email addresses', addresses: 'postal addresses' })[mask])
  return SCOPES[role.scope].label + (hidden.length > 0 ? `, without ${hidden.join(' and ')}` : '')
}
