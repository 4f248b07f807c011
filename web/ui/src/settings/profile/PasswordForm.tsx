import { Button, PasswordInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState, type FormEvent } from 'react'
import { ApiError, api, messageOf } from '../../lib/api'
import { useMe } from '../../lib/session'
import { toast } from '../../lib/toast'
import { Problem } from '../parts/ConfirmDialog'
import { Panel } from '../parts/Panel'
import s from './profile.module.css'

const MIN_PASSWORD_CHARS = 10

export function PasswordForm() {
  const client = useQueryClient()
  const { email } = useMe().member
  const first = useRef<HTMLInputElement>(null)
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const refusal = error instanceof ApiError ? error : null
  const atCurrent = refusal?.field('current')
  const atNew = refusal?.field('new') ?? refusal?.field('password')

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      await api.post('/me/password', { current, new: next })
      setCurrent('')
      setNext('')
      void client.invalidateQueries({ queryKey: ['sessions'] })
      toast('Your password was changed. All other sessions were signed out.')
    } catch (reason) {
      setError(reason)
      if (reason instanceof ApiError && reason.field('current')) first.current?.focus()
    }
    setBusy(false)
  }

  return (
    <Panel title="Password" text="Changing it signs you out everywhere else.">
      <form className={s.password} onSubmit={(event) => void submit(event)} aria-label="Password">
        {/* Tells password managers whose password it is. */}
        <input type="hidden" name="username" autoComplete="username" value={email} readOnly />
        <PasswordInput
          ref={first}
          label="Current password"
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
          error={atCurrent}
          aria-invalid={Boolean(atCurrent)}
          autoComplete="current-password"
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the current password' }}
        />
        <PasswordInput
          label="New password"
          description={`At least ${MIN_PASSWORD_CHARS} characters. A few unrelated words are easy to keep in mind and hard to guess.`}
          inputWrapperOrder={['label', 'input', 'error', 'description']}
          value={next}
          onChange={(event) => setNext(event.currentTarget.value)}
          error={atNew}
          aria-invalid={Boolean(atNew)}
          minLength={MIN_PASSWORD_CHARS}
          autoComplete="new-password"
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the new password' }}
        />
        <Problem text={error && !atCurrent && !atNew ? messageOf(error) : ''} />
        <div>
          <Button type="submit" variant="default" loading={busy} disabled={!current || !next}>
            Change password
          </Button>
        </div>
      </form>
    </Panel>
  )
}
