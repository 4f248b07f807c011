import { Button, PasswordInput, TextInput } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useEffect, useState, type FormEvent } from 'react'
import { ApiError, api, messageOf } from '../lib/api'
import { remaining } from '../lib/format'
import { setTitle } from '../lib/title'
import type { Me, WorkspaceChoice } from '../lib/types'
import { AuthCard } from './AuthCard'
import { IconChevronRight } from '../ui/icons'
import s from './auth.module.css'

const NOTICES: Record<string, string> = {
  expired: 'You were signed out. Sign in to go on where you were.',
  signed_out: 'You are signed out.',
}

export default function SignInPage() {
  const { next, reason } = getRouteApi('/login').useSearch()
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [needsCode, setNeedsCode] = useState(false)
  const [choices, setChoices] = useState<WorkspaceChoice[]>([])
  const [workspace, setWorkspace] = useState<WorkspaceChoice | null>(null)
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)
  const [lockedUntil, setLockedUntil] = useState(0)
  const lockedFor = useCountdown(lockedUntil)

  useEffect(() => {
    setTitle('Sign in · Parley')
  }, [])

  function submit(event: FormEvent) {
    event.preventDefault()
    void signIn(workspace)
  }

  async function signIn(into: WorkspaceChoice | null) {
    setBusy(true)
    setProblem('')
    setWorkspace(into)
    try {
      await api.post<Me>('/login', {
        email: email.trim(),
        password,
        ...(needsCode && { totp: code.replace(/\s/g, '') }),
        ...(into && { workspace_id: into.id }),
      })
      location.assign(next ?? '/inbox')
    } catch (error) {
      setBusy(false)
      if (!(error instanceof ApiError)) setProblem(messageOf(error))
      else if (error.code === 'choose_workspace') setChoices(error.problem.workspaces ?? [])
      else if (error.code === 'totp_required' && !needsCode) setNeedsCode(true)
      else if (error.code === 'too_many_attempts') setLockedUntil(Date.now() + (error.retryAfterSeconds ?? 60) * 1000)
      else if (needsCode) {
        setCode('')
        setProblem('This code is not right. Codes change every 30 seconds; try the one shown now.')
      } else if (error.code === 'wrong_credentials') setProblem('Email or password is not right.')
      else setProblem(error.message)
    }
  }

  function startOver() {
    setNeedsCode(false)
    setChoices([])
    setWorkspace(null)
    setCode('')
    setProblem('')
  }

  const choosing = choices.length > 0 && !needsCode
  const notice = reason && !problem && !needsCode && !choosing ? NOTICES[reason] : undefined
  const alert = lockedFor > 0 ? `Too many attempts. Try again in ${waitText(lockedFor)}.` : problem

  if (choosing) {
    return (
      <AuthCard title="Choose a workspace" lead={`${email.trim()} is a member of several.`}>
        <div className={s.form}>
          <div className={s.problem} role="alert">
            {alert}
          </div>
          <ul className={s.choices} aria-label="Workspaces">
            {choices.map((choice, index) => (
              <li key={choice.id}>
                <Button
                  variant="default"
                  size="md"
                  fullWidth
                  justify="space-between"
                  rightSection={<IconChevronRight size={17} />}
                  onClick={() => void signIn(choice)}
                  loading={busy && workspace === choice}
                  disabled={lockedFor > 0 || (busy && workspace !== choice)}
                  autoFocus={index === 0}
                >
                  {choice.name}
                </Button>
              </li>
            ))}
          </ul>
          <button type="button" className={s.back} onClick={startOver}>
            Use another account
          </button>
        </div>
      </AuthCard>
    )
  }

  return (
    <AuthCard
      title={needsCode ? 'Two-step sign-in' : 'Sign in'}
      lead={needsCode ? 'Enter the code of your authenticator app, or a recovery code.' : 'Welcome back.'}
    >
      {notice && <p className={s.notice}>{notice}</p>}
      <form className={s.form} onSubmit={submit}>
        <div className={s.problem} role="alert">
          {alert}
        </div>
        {needsCode ? (
          <TextInput
            key="code"
            label="Code"
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
            autoComplete="one-time-code"
            autoFocus
            required
            withAsterisk={false}
          />
        ) : (
          <>
            <TextInput
              label="Email"
              type="email"
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
              autoComplete="username"
              autoFocus
              required
              withAsterisk={false}
            />
            <PasswordInput
              label="Password"
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
              autoComplete="current-password"
              required
              withAsterisk={false}
              visibilityToggleButtonProps={{ 'aria-label': 'Show what is typed' }}
            />
          </>
        )}
        <Button type="submit" size="md" mt={6} loading={busy} disabled={lockedFor > 0}>
          Sign in
        </Button>
        {needsCode && (
          <button type="button" className={s.back} onClick={startOver}>
            Use another account
          </button>
        )}
      </form>
    </AuthCard>
  )
}

function waitText(ms: number): string {
  return ms < 60_000 ? `${Math.ceil(ms / 1000)} seconds` : remaining(ms)
}

/** Milliseconds left until the moment given, once a second. */
function useCountdown(until: number): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    if (until <= Date.now()) return
    const timer = setInterval(() => {
      setNow(Date.now())
      if (Date.now() >= until) clearInterval(timer)
    }, 1000)
    setNow(Date.now())
    return () => clearInterval(timer)
  }, [until])
  return Math.max(0, until - now)
}
