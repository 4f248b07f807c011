import { Button, Checkbox, Radio, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../lib/api'
import { plural } from '../../lib/format'
import { useCan, useMe } from '../../lib/session'
import { toast } from '../../lib/toast'
import type { Permission, Role, RoleMask, RoleScope } from '../../lib/types'
import { ConfirmDialog } from '../parts/ConfirmDialog'
import { FormPage, useSaving } from '../parts/FormPage'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { Panel } from '../parts/Panel'
import { FailedPage } from '../parts/States'
import p from '../parts/parts.module.css'
import { useGoTo } from '../parts/useSettingsPath'
import { SCOPE_GROUPS } from '../tokens/scopes'
import { MASKS, SCOPES, rolesQuery } from './roles'
import s from './roles.module.css'

const BACK = { to: 'roles', label: 'Roles' }

interface RolePageProps {
  /** `new`, or that of a role */
  id: string
  /** which one a new role is a copy of */
  from: string | undefined
}

export function RolePage({ id, from }: RolePageProps) {
  const { data, error, refetch } = useQuery(rolesQuery)
  const role = data?.find((each) => each.id === (id === 'new' ? from : id))
  if (error && !data) return <FailedPage title="Role" back={BACK} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton />
  if (!role) return <Heading title="This role is gone" text="Somebody has deleted it." back={BACK} />
  return <RoleForm key={role.revision ?? role.id} role={role} copy={id === 'new'} />
}

function RoleForm({ role, copy }: { role: Role; copy: boolean }) {
  const me = useMe()
  const mayManage = useCan('members.manage')
  const client = useQueryClient()
  const goTo = useGoTo()
  const [value, setValue] = useState(() => ({
    name: copy ? '' : role.name,
    description: role.built_in ? '' : role.description,
    // A copy begins with as much of it as one may give.
    permissions: copy ? role.permissions.filter((each) => me.permissions.includes(each)) : role.permissions,
    scope: copy ? narrower(role.scope, me.scope) : role.scope,
    unclaimed: role.unclaimed,
    masks: copy ? [...new Set([...role.masks, ...me.masks])] : role.masks,
  }))
  const [deleting, setDeleting] = useState(false)
  const change = (part: Partial<typeof value>) => setValue((known) => ({ ...known, ...part }))
  const fixed = !copy && role.built_in
  const editable = mayManage && (copy || (!fixed && role.may_give))

  function toggle(permission: Permission, on: boolean) {
    const rest = value.permissions.filter((each) => each !== permission)
    change({ permissions: on ? [...rest, permission] : rest })
  }

  function mask(which: RoleMask, on: boolean) {
    const rest = value.masks.filter((each) => each !== which)
    change({ masks: on ? [...rest, which] : rest })
  }

  const saving = useSaving(async () => {
    if (copy) await api.post('/roles', value)
    else await api.patch(`/roles/${role.id}`, { ...value, revision: role.revision })
    await client.invalidateQueries({ queryKey: ['roles'] })
    toast(copy ? `${value.name.trim()} was made. Give it to somebody under Members.` : 'Saved. It counts from now on.')
    goTo('roles')
  })
  const { refusal } = saving

  return (
    <FormPage
      label="Role"
      heading={
        <Heading
          title={copy ? `New role, as ${role.name}` : role.name}
          text={fixed ? `${role.description} It is built in and stays as it is; a copy can be changed.` : undefined}
          back={BACK}
          actions={
            !copy &&
            mayManage && (
              <>
                <Button variant="default" onClick={() => goTo(`roles/new/${role.id}`)}>
                  Make a copy
                </Button>
                {editable && (
                  <Button variant="default" color="red" onClick={() => setDeleting(true)}>
                    Delete
                  </Button>
                )}
              </>
            )
          }
        />
      }
      saving={saving}
      editable={editable}
      back="roles"
      saveLabel={copy ? 'Make the role' : 'Save'}
      hint={!copy && role.members > 0 && <p className={s.hint}>Counts at once for {plural(role.members, 'member')}.</p>}
      around={
        <>
          {mayManage && !copy && !fixed && !role.may_give && (
            <p className={s.hint}>This role may do or see more than yours, so you cannot change it.</p>
          )}
          {deleting && (
            <ConfirmDialog
              title={`Delete ${role.name}?`}
              confirm="Delete"
              onConfirm={async () => {
                await api.delete(`/roles/${role.id}`)
                await client.invalidateQueries({ queryKey: ['roles'] })
                goTo('roles')
                toast(`${role.name} was deleted.`)
              }}
              onClose={() => setDeleting(false)}
            >
              <p className={p.prose}>A role that somebody has, or was invited with, stays until they have another one.</p>
            </ConfirmDialog>
          )}
        </>
      }
    >
      {!fixed && (
        <Panel title="Role">
          <div className={s.row}>
            <TextInput
              label="Name"
              placeholder="Evening shift"
              required
              withAsterisk={false}
              maxLength={60}
              value={value.name}
              onChange={(event) => change({ name: event.currentTarget.value })}
              error={refusal?.field('name')}
              {...(copy && { autoFocus: true })}
            />
            <TextInput
              label="What it is for"
              maxLength={300}
              value={value.description}
              onChange={(event) => change({ description: event.currentTarget.value })}
            />
          </div>
        </Panel>
      )}
      <Panel title="May do" text="Nobody gives what they may not do themselves.">
        <div className={s.groups}>
          {SCOPE_GROUPS.map((group) => (
            <fieldset key={group.title} className={s.group}>
              <legend>{group.title}</legend>
              {group.scopes.map(({ scope, label, text }) => (
                <Checkbox
                  key={scope}
                  size="xs"
                  label={label}
                  description={text}
                  checked={value.permissions.includes(scope)}
                  disabled={editable && !me.permissions.includes(scope)}
                  onChange={(event) => toggle(scope, event.currentTarget.checked)}
                />
              ))}
            </fieldset>
          ))}
        </div>
        {refusal?.field('permissions') && <p className={s.hint}>{refusal.field('permissions')}</p>}
      </Panel>
      <Panel title="Sees" text="A conversation that somebody follows or is mentioned in is always shown to them.">
        <Radio.Group aria-label="Sees" value={value.scope} onChange={(scope) => change({ scope: scope as RoleScope })}>
          <div className={s.choices}>
            {Object.entries(SCOPES).map(([key, { label, text }]) => (
              <Radio
                key={key}
                value={key}
                label={label}
                description={text}
                disabled={editable && narrower(key as RoleScope, me.scope) !== key}
              />
            ))}
          </div>
        </Radio.Group>
        {value.scope !== 'everything' && (
          <Checkbox
            label="Also what nobody has"
            description="Conversations that no member and no team has yet, so that they can be taken."
            checked={value.unclaimed}
            disabled={editable && me.scope !== 'everything' && !me.unclaimed}
            onChange={(event) => change({ unclaimed: event.currentTarget.checked })}
          />
        )}
      </Panel>
      <Panel title="Hidden" text="What customers write themselves stays as they wrote it.">
        {Object.entries(MASKS).map(([key, { label, text }]) => (
          <Checkbox
            key={key}
            label={label}
            description={text}
            checked={value.masks.includes(key as RoleMask)}
            disabled={editable && me.masks.includes(key as RoleMask)}
            onChange={(event) => mask(key as RoleMask, event.currentTarget.checked)}
          />
        ))}
      </Panel>
    </FormPage>
  )
}

const WIDTH: Record<RoleScope, number> = { own: 0, teams: 1, everything: 2 }

function narrower(one: RoleScope, other: RoleScope): RoleScope {
  return WIDTH[one] <= WIDTH[other] ? one : other
}
