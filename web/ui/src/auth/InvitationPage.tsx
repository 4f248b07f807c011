import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useEffect, useState, type FormEvent } from 'react'
import { ApiError, api, messageOf } from '../lib/api'
import { setTitle } from '../lib/title'
import type { InvitationOffer, Me } from '../lib/types'
import { ErrorState } from '../ui/ErrorState'
import { AuthCard } from './AuthCard'
import s from './auth.module.css'

const MIN_PASSWORD_CHARS = 10

export default function InvitationPage() {
  const { token } = getRouteApi('/invite/$token').useParams()
  const path = `/invitations/${encodeURIComponent(token)}`
  const offer = useQuery({ queryKey: ['invitation', token], queryFn: () => api.get<InvitationOffer>(path) })

  useEffect(() => {
    setTitle('Join · Parley')
  }, [])

  if (offer.isPending) return null
  if (offer.isError) {
    const gone = offer.error instanceof ApiError && [404, 410].includes(offer.error.status)
    return gone ? (
      <AuthCard title="This invitation is no longer valid" lead="It was used, withdrawn or has expired. Ask for a new one.">
        <Button component="a" href="/login" variant="default" fullWidth>
          Go to sign-in
        </Button>
      </AuthCard>
    ) : (
      <main className="full-screen">
        <ErrorState error={offer.error} onRetry={() => void offer.refetch()} />
      </main>
    )
  }
  return <AcceptForm offer={offer.data} path={`${path}/accept`} />
}

function AcceptForm({ offer, path }: { offer: InvitationOffer; path: string }) {
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const fields = error instanceof ApiError ? error : null
  const general = error && !fields?.fields.length ? messageOf(error) : ''

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      await api.post<Me>(path, { name: name.trim(), password })
      location.assign('/inbox')
    } catch (reason) {
      setBusy(false)
      setError(reason)
    }
  }

  return (
    <AuthCard title={`Join ${offer.workspace_name}`} lead={`You were invited as ${offer.email}.`}>
      <form className={s.form} onSubmit={(event) => void submit(event)}>
        <div className={s.problem} role="alert">
          {general}
        </div>
        <TextInput
          label="Your name"
          description="Customers and colleagues see it."
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={fields?.field('name')}
          autoComplete="name"
          autoFocus
          required
          withAsterisk={false}
        />
        <PasswordInput
          label="Password"
          description={`At least ${MIN_PASSWORD_CHARS} characters.`}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={fields?.field('password')}
          aria-invalid={Boolean(fields?.field('password'))}
          minLength={MIN_PASSWORD_CHARS}
          autoComplete="new-password"
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ 'aria-label': 'Show what is typed' }}
        />
        <Button type="submit" size="md" mt={6} loading={busy}>
          Join
        </Button>
      </form>
    </AuthCard>
  )
}
