import { Button, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { ApiError, api, messageOf } from '../../lib/api'
import { shortDay } from '../../lib/format'
import type { NewInvitation } from '../../lib/types'
import { Problem } from '../parts/ConfirmDialog'
import { CopyField } from '../parts/CopyField'
import { Dialog } from '../parts/Dialog'
import p from '../parts/parts.module.css'
import { RoleChoice } from './RoleChoice'
import { useRoleName } from '../roles/roles'

interface InviteDialogProps {
  /** to make a new link for somebody who was invited before */
  again?: { email: string; role: string }
  onClose: () => void
}

export function InviteDialog({ again, onClose }: InviteDialogProps) {
  const client = useQueryClient()
  const roleName = useRoleName()
  const [email, setEmail] = useState(again?.email ?? '')
  const [role, setRole] = useState(again?.role ?? 'agent')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [made, setMade] = useState<NewInvitation | null>(null)
  const atEmail = error instanceof ApiError ? (error.field('email') ?? (error.status === 409 ? error.message : undefined)) : undefined

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      setMade(await api.post<NewInvitation>('/invitations', { email: email.trim(), role }))
      void client.invalidateQueries({ queryKey: ['invitations'] })
    } catch (reason) {
      setError(reason)
      setBusy(false)
    }
  }

  if (made) {
    return (
      <Dialog onClose={onClose} title="Invitation ready" size={520}>
        <div className={p.dialog}>
          <p className={p.prose} role="status">
            Send this link to <b>{made.email}</b>. Whoever opens it joins as {roleName(made.role)}. It works once,
            until {shortDay(made.expires_at)}.
          </p>
          <CopyField label="Invitation link" value={made.link} help="It is not shown again; make a new one if it gets lost." />
          <div className={p.dialogFoot}>
            <Button onClick={onClose} data-autofocus>
              Done
            </Button>
          </div>
        </div>
      </Dialog>
    )
  }
  return (
    <Dialog onClose={onClose} title={again ? 'Make a new link' : 'Invite a colleague'} size={520}>
      <form className={p.dialog} onSubmit={(event) => void submit(event)}>
        <TextInput
          label="Email"
          type="email"
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          error={atEmail}
          autoComplete="off"
          placeholder="name@example.com"
          required
          withAsterisk={false}
          data-autofocus
        />
        <RoleChoice value={role} onChange={setRole} />
        <Problem text={error && !atEmail ? messageOf(error) : ''} />
        <div className={p.dialogFoot}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy}>
            Create link
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
