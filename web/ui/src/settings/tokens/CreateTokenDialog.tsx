import { Button, Checkbox, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { ApiError, api, messageOf } from '../../lib/api'
import { useMe } from '../../lib/session'
import type { NewApiToken, Permission } from '../../lib/types'
import { Problem } from '../parts/ConfirmDialog'
import { CopyField } from '../parts/CopyField'
import { Dialog } from '../parts/Dialog'
import p from '../parts/parts.module.css'
import { SCOPE_GROUPS } from './scopes'
import s from './tokens.module.css'

export function CreateTokenDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient()
  const { permissions } = useMe()
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<Permission[]>([])
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [made, setMade] = useState<NewApiToken | null>(null)
  const atName = error instanceof ApiError ? error.field('name') : undefined

  function toggle(scope: Permission, on: boolean) {
    setScopes((known) => (on ? [...known, scope] : known.filter((each) => each !== scope)))
  }

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      setMade(await api.post<NewApiToken>('/tokens', { name: name.trim(), scopes }))
      void client.invalidateQueries({ queryKey: ['tokens'] })
    } catch (reason) {
      setError(reason)
      setBusy(false)
    }
  }

  if (made) {
    return (
      <Dialog onClose={onClose} title={`${made.name} was created`} size={560} closeOnClickOutside={false}>
        <div className={p.dialog}>
          <CopyField
            label="Token"
            value={made.token}
            help="Copy it now and keep it like a password: it is not shown again."
          />
          <CopyField
            label="Example"
            value={`curl -H "Authorization: Bearer ${made.token}" ${location.origin}/api/v1/me`}
            multiline
          />
          <div className={p.dialogFoot}>
            <Button onClick={onClose}>Done</Button>
          </div>
        </div>
      </Dialog>
    )
  }
  return (
    <Dialog onClose={onClose} title="Create a token" size={620}>
      <form className={p.dialog} onSubmit={(event) => void submit(event)}>
        <TextInput
          label="Name"
          description="What uses it, so that you know later what deleting it would break."
          inputWrapperOrder={['label', 'input', 'error', 'description']}
          placeholder="Order export"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={atName}
          maxLength={200}
          autoComplete="off"
          required
          withAsterisk={false}
          data-autofocus
        />
        <div className={s.groups}>
          {SCOPE_GROUPS.map((group) => {
            const offered = group.scopes.filter(({ scope }) => permissions.includes(scope))
            return (
              offered.length > 0 && (
                <fieldset key={group.title} className={s.group}>
                  <legend>{group.title}</legend>
                  {offered.map(({ scope, label, text }) => (
                    <Checkbox
                      key={scope}
                      size="xs"
                      label={label}
                      description={text}
                      checked={scopes.includes(scope)}
                      onChange={(event) => toggle(scope, event.currentTarget.checked)}
                    />
                  ))}
                </fieldset>
              )
            )
          })}
        </div>
        <Problem text={error && !atName ? messageOf(error) : ''} />
        <div className={p.dialogFoot}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={!name.trim() || scopes.length === 0}>
            Create token
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
