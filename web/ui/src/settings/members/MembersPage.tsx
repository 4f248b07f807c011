import { ActionIcon, Button, Menu } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Suspense, lazy, useState, type FormEvent } from 'react'
import { WORDS, useAvailability } from '../../inbox/availability'
import { api, messageOf, query } from '../../lib/api'
import { useCan, useMe } from '../../lib/session'
import { toast, toastError } from '../../lib/toast'
import type { Member, Page } from '../../lib/types'
import { Avatar } from '../../ui/Avatar'
import { Badge } from '../../ui/Badge'
import { IconBan, IconCircleCheck, IconClock, IconDots, IconLogout, IconPencil, IconShieldCheck, IconUserPlus } from '../../ui/icons'
import { Ago } from '../parts/Ago'
import { ConfirmDialog, Problem } from '../parts/ConfirmDialog'
import { Dialog } from '../parts/Dialog'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { FailedPage, ForbiddenPage } from '../parts/States'
import p from '../parts/parts.module.css'
import { Invitations } from './Invitations'
import { InviteDialog } from './InviteDialog'
import { RoleChoice } from './RoleChoice'
import { useRoleName } from '../roles/roles'
import s from './members.module.css'

const WorkDialog = lazy(() => import('./WorkDialog'))

const PAGE = 200
const MOST_PAGES = 25
const KEY = ['members', 'all']

async function everybody(): Promise<Member[]> {
  const all: Member[] = []
  let cursor: string | null = null
  for (let page = 0; page < MOST_PAGES && (page === 0 || cursor); page += 1) {
    const answer: Page<Member> = await api.get<Page<Member>>(`/members${query({ cursor, limit: PAGE })}`)
    all.push(...answer.items)
    cursor = answer.next_cursor
  }
  return all.toSorted((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name))
}

const rank = ({ status }: Member) => (status === 'active' ? 0 : 1)

export default function MembersPage() {
  const allowed = useCan('members.read')
  const mayManage = useCan('members.manage')
  const { data, error, refetch } = useQuery({ queryKey: KEY, queryFn: everybody, enabled: allowed })
  const [inviting, setInviting] = useState(false)

  if (!allowed) return <ForbiddenPage title="Members" />
  if (error && !data) return <FailedPage title="Members" error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton title="Members" />
  return (
    <>
      <Heading
        title="Members"
        text="The people who work in this workspace, and what each may do."
        actions={
          mayManage && (
            <Button leftSection={<IconUserPlus size={16} />} onClick={() => setInviting(true)}>
              Invite
            </Button>
          )
        }
      />
      <section className={s.table} aria-label="Members">
        <div className={p.tableWrap}>
          <table className={p.table} aria-label="Members">
            <thead>
              <tr>
                <th>Name</th>
                <th data-wide>Role</th>
                <th data-wide>Two-factor</th>
                <th data-wide>Last seen</th>
                <th data-end>
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {data.map((member) => (
                <MemberRow key={member.id} member={member} mayManage={mayManage} />
              ))}
            </tbody>
          </table>
        </div>
        {data.length === 1 && mayManage && (
          <p className={s.alone}>You are alone here. Invite your colleagues to answer customers together.</p>
        )}
      </section>
      {mayManage && <Invitations />}
      {inviting && <InviteDialog onClose={() => setInviting(false)} />}
    </>
  )
}

type Asked = 'role' | 'work' | 'disable' | 'sign-out'

function MemberRow({ member, mayManage }: { member: Member; mayManage: boolean }) {
  const me = useMe()
  const roleName = useRoleName()
  const presence = useAvailability(member.id)
  const mayPlan = useCan('inbox.manage')
  const [dialog, setDialog] = useState<Asked | null>(null)
  const client = useQueryClient()
  const disabled = member.status === 'disabled'
  const self = member.id === me.member.id
  const editable = mayManage && (member.role !== 'owner' || me.member.role === 'owner')

  async function change(body: { role?: string; status?: Member['status'] }) {
    const changed = await api.patch<Member>(`/members/${member.id}`, body)
    client.setQueryData<Member[]>(KEY, (known) => known?.map((each) => (each.id === changed.id ? changed : each)))
    void client.invalidateQueries({ queryKey: ['members'] })
    if (self) void client.invalidateQueries({ queryKey: ['me'] })
  }

  async function enable() {
    try {
      await change({ status: 'active' })
      toast(`${member.name} may sign in again.`)
    } catch (error) {
      toastError(`${member.name} is still disabled`, error)
    }
  }

  return (
    <tr data-disabled={disabled || undefined}>
      <td>
        <div className={s.person}>
          <Avatar name={member.name} hue={member.avatar_hue} size={34} {...(!disabled && { presence })} />
          <div>
            <b>
              {member.name}
              {self && <Badge>You</Badge>}
              {disabled && <Badge tone="danger">Disabled</Badge>}
            </b>
            <span>{member.email}</span>
            <span className={p.small}>
              {roleName(member.role)}
              {member.totp_enabled && ' · two-factor on'}
            </span>
          </div>
        </div>
      </td>
      <td data-wide>
        {editable && !disabled ? (
          <button type="button" className={s.role} onClick={() => setDialog('role')} aria-label={`Change role of ${member.name}: ${roleName(member.role)}`}>
            {roleName(member.role)}
            <IconPencil size={13} aria-hidden />
          </button>
        ) : (
          roleName(member.role)
        )}
      </td>
      <td data-wide>
        {member.totp_enabled ? (
          <Badge tone="ok">
            <IconShieldCheck size={13} aria-hidden />
            On
          </Badge>
        ) : (
          <span className={p.muted}>Off</span>
        )}
      </td>
      <td data-wide className={p.nowrap}>
        {!disabled && presence === 'online' ? (
          <span className={s.online}>Online now</span>
        ) : !disabled && presence !== 'offline' ? (
          WORDS[presence]
        ) : (
          <Ago at={member.last_seen_at} />
        )}
      </td>
      <td data-end>
        {(editable || mayPlan) && (
          <Menu position="bottom-end" width={210}>
            <Menu.Target>
              <ActionIcon aria-label={`Actions for ${member.name}`}>
                <IconDots size={17} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              {mayPlan && !disabled && (
                <Menu.Item leftSection={<IconClock size={16} />} onClick={() => setDialog('work')}>
                  Skills and capacity…
                </Menu.Item>
              )}
              {editable && (
                <>
              <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => setDialog('role')}>
                Change role…
              </Menu.Item>
              <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => setDialog('sign-out')}>
                Sign out everywhere…
              </Menu.Item>
              {disabled ? (
                <Menu.Item leftSection={<IconCircleCheck size={16} />} onClick={() => void enable()}>
                  Enable
                </Menu.Item>
              ) : (
                <Menu.Item leftSection={<IconBan size={16} />} className={p.dangerItem ?? ''} disabled={self} onClick={() => setDialog('disable')}>
                  Disable…
                </Menu.Item>
              )}
                </>
              )}
            </Menu.Dropdown>
          </Menu>
        )}
        <Suspense fallback={null}>
          {dialog === 'work' && <WorkDialog member={member} onClose={() => setDialog(null)} />}
        </Suspense>
        {dialog === 'role' && (
          <RoleDialog member={member} onChange={(role) => change({ role })} onClose={() => setDialog(null)} />
        )}
        {dialog === 'disable' && (
          <ConfirmDialog
            title={`Disable ${member.name}?`}
            confirm="Disable"
            onConfirm={() => change({ status: 'disabled' })}
            onClose={() => setDialog(null)}
          >
            <p>
              <b>{member.name}</b> is signed out everywhere at once and cannot sign in again. What they wrote stays, and you can
              enable them again at any time.
            </p>
          </ConfirmDialog>
        )}
        {dialog === 'sign-out' && (
          <ConfirmDialog
            title={`Sign out ${member.name} everywhere?`}
            confirm="Sign out everywhere"
            onConfirm={async () => {
              await api.post(`/members/${member.id}/sign-out`)
              toast(`${member.name} is signed out everywhere.`)
            }}
            onClose={() => setDialog(null)}
          >
            <p>
              All sessions of <b>{member.name}</b> end{self && ', this one included'}. They can sign in again with their password.
            </p>
          </ConfirmDialog>
        )}
      </td>
    </tr>
  )
}

interface RoleDialogProps {
  member: Member
  onChange: (role: string) => Promise<void>
  onClose: () => void
}

function RoleDialog({ member, onChange, onClose }: RoleDialogProps) {
  const roleName = useRoleName()
  const [role, setRole] = useState(member.role)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setProblem('')
    try {
      await onChange(role)
      toast(`${member.name} is now ${roleName(role)}.`)
      onClose()
    } catch (error) {
      setProblem(messageOf(error))
      setBusy(false)
    }
  }

  return (
    <Dialog onClose={onClose} title={`Role of ${member.name}`} size={480}>
      <form className={p.dialog} onSubmit={(event) => void submit(event)}>
        <RoleChoice value={role} onChange={setRole} focused />
        <Problem text={problem} />
        <div className={p.dialogFoot}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={role === member.role}>
            Change role
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
