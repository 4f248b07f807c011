import { Button, Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { plural } from '../../lib/format'
import { useCan } from '../../lib/session'
import { Badge } from '../../ui/Badge'
import { IconChevronDown, IconCopy } from '../../ui/icons'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { SettingsLink } from '../parts/SettingsLink'
import { FailedPage, ForbiddenPage } from '../parts/States'
import p from '../parts/parts.module.css'
import { useGoTo, useSettingsPath } from '../parts/useSettingsPath'
import { RolePage } from './RolePage'
import { rolesQuery } from './roles'
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
  const { data, error, refetch } = useQuery(rolesQuery)
  if (error && !data) return <FailedPage title={TITLE} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton title={TITLE} />
  return (
    <>
      <Heading
        title={TITLE}
        text="What each kind of colleague may do."
        actions={
          manages && (
            <Menu position="bottom-end" width={240}>
              <Menu.Target>
                <Button rightSection={<IconChevronDown size={15} />}>Make a role</Button>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Label>As a copy of</Menu.Label>
                {data.map((role) => (
                  <Menu.Item key={role.id} leftSection={<IconCopy size={15} />} onClick={() => goTo(`roles/new/${role.id}`)}>
                    {role.name}
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
          )
        }
      />
      <section className={s.list} aria-label={TITLE}>
        <div className={p.tableWrap}>
          <table className={p.table} aria-label={TITLE}>
            <thead>
              <tr>
                <th>Role</th>
                <th data-end>Members</th>
              </tr>
            </thead>
            <tbody>
              {data.map((role) => (
                <tr key={role.id}>
                  <td>
                    <SettingsLink to={`roles/${role.id}`} className={s.name}>
                      {role.name}
                    </SettingsLink>
                    {role.built_in && <Badge>Built in</Badge>}
                    <p className={s.text}>{role.description || plural(role.permissions.length, 'permission')}</p>
                  </td>
                  <td data-end>{role.members}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </>
  )
}
