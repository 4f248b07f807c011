import { Button, Checkbox, PasswordInput, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { ApiError, api, messageOf } from '../../lib/api'
import { queryClient } from '../../lib/query'
import { meQuery, useMe } from '../../lib/session'
import { toast, toastError } from '../../lib/toast'
import { Badge } from '../../ui/Badge'
import { IconCheck, IconCopy, IconDownload, IconShieldCheck } from '../../ui/icons'
import { Problem } from '../parts/ConfirmDialog'
import { CopyField } from '../parts/CopyField'
import { Dialog } from '../parts/Dialog'
import { Panel } from '../parts/Panel'
import p from '../parts/parts.module.css'
import s from './profile.module.css'

interface Setup {
  secret: string
  uri: string
  qr_svg: string
}

function setEnabled(totp_enabled: boolean): void {
  queryClient.setQueryData(meQuery.queryKey, (me) => me && { ...me, member: { ...me.member, totp_enabled } })
  void queryClient.invalidateQueries({ queryKey: ['members'] })
  void queryClient.invalidateQueries({ queryKey: ['sessions'] })
}

export function TwoFactor() {
  const on = useMe().member.totp_enabled
  const [setup, setSetup] = useState<Setup | null>(null)
  const [starting, setStarting] = useState(false)
  const [stopping, setStopping] = useState(false)

  async function start() {
    setStarting(true)
    try {
      setSetup(await api.post<Setup>('/me/totp/start'))
    } catch (error) {
      toastError('The set-up could not start', error)
    }
    setStarting(false)
  }

  return (
    <>
      <Panel
        title="Two-factor sign-in"
        text="A code from an app on your phone, beside your password. Whoever learns your password still cannot sign in."
        actions={
          on ? (
            <>
              <Badge tone="ok">
                <IconShieldCheck size={13} aria-hidden />
                On
              </Badge>
              <Button variant="default" onClick={() => setStopping(true)}>
                Turn off
              </Button>
            </>
          ) : (
            <Button loading={starting} onClick={() => void start()}>
              Set up
            </Button>
          )
        }
      />
      {setup && <SetupDialog setup={setup} onClose={() => setSetup(null)} />}
      {stopping && <TurnOffDialog onClose={() => setStopping(false)} />}
    </>
  )
}

function SetupDialog({ setup, onClose }: { setup: Setup; onClose: () => void }) {
  const [code, setCode] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const [codes, setCodes] = useState<string[] | null>(null)

  async function confirm(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setProblem('')
    try {
      const { recovery_codes } = await api.post<{ recovery_codes: string[] }>('/me/totp/confirm', { code: code.replace(/\s/g, '') })
      setEnabled(true)
      setCodes(recovery_codes)
    } catch (error) {
      setProblem((error instanceof ApiError && error.field('code')) || messageOf(error))
    }
    setBusy(false)
  }

  if (codes) return <RecoveryCodes codes={codes} onClose={onClose} />
  return (
    <Dialog onClose={onClose} title="Set up two-factor sign-in" size={480}>
      <form className={p.dialog} onSubmit={(event) => void confirm(event)}>
        <ol className={s.steps}>
          <li>
            <p>Scan this code with an authenticator app, such as 1Password, Aegis or Google Authenticator.</p>
            <img
              className={s.qr}
              src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(setup.qr_svg)}`}
              alt="QR code for your authenticator app"
              width={184}
              height={184}
            />
            <CopyField label="Set-up key" value={setup.secret} help="Type it into the app if you cannot scan." />
          </li>
          <li>
            <TextInput
              label="Code from the app"
              value={code}
              onChange={(event) => setCode(event.currentTarget.value)}
              error={problem}
              inputMode="numeric"
              autoComplete="one-time-code"
              placeholder="123456"
              maxLength={10}
              required
              withAsterisk={false}
              data-autofocus
            />
          </li>
        </ol>
        <div className={p.dialogFoot}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={code.replace(/\s/g, '').length < 6}>
            Turn on
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function RecoveryCodes({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  const [kept, setKept] = useState(false)
  const [copied, setCopied] = useState(false)
  const { email } = useMe().member

  async function copy() {
    await navigator.clipboard.writeText(codes.join('\n'))
    setCopied(true)
  }

  function download() {
    const text = `Parley recovery codes of ${email}\nEach works once, in place of a code from the app.\n\n${codes.join('\n')}\n`
    const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
    const link = document.createElement('a')
    link.href = url
    link.download = 'parley-recovery-codes.txt'
    link.click()
    setTimeout(() => URL.revokeObjectURL(url), 10_000)
  }

  return (
    // Closed only by its button: the codes are not shown again.
    <Dialog
      onClose={onClose}
      title="Two-factor sign-in is on"
      size={480}
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
    >
      <div className={p.dialog}>
        <p className={p.prose}>
          Keep these recovery codes where you keep passwords. Each lets you in once if you lose your phone. They are not shown
          again.
        </p>
        <ul className={s.codes} aria-label="Recovery codes">
          {codes.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ul>
        <div className={s.codeActions}>
          <Button variant="default" leftSection={copied ? <IconCheck size={16} /> : <IconCopy size={16} />} onClick={() => void copy()}>
            {copied ? 'Copied' : 'Copy'}
          </Button>
          <Button variant="default" leftSection={<IconDownload size={16} />} onClick={download}>
            Download
          </Button>
        </div>
        <Checkbox label="I have kept them" checked={kept} onChange={(event) => setKept(event.currentTarget.checked)} />
        <div className={p.dialogFoot}>
          <Button disabled={!kept} onClick={onClose}>
            Done
          </Button>
        </div>
      </div>
    </Dialog>
  )
}

function TurnOffDialog({ onClose }: { onClose: () => void }) {
  const [password, setPassword] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const atPassword = error instanceof ApiError ? error.field('password') : undefined

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      await api.delete('/me/totp', { password })
      setEnabled(false)
      toast('Two-factor sign-in is off.')
      onClose()
    } catch (reason) {
      setError(reason)
      setBusy(false)
    }
  }

  return (
    <Dialog onClose={onClose} title="Turn off two-factor sign-in?" size={440}>
      <form className={p.dialog} onSubmit={(event) => void submit(event)}>
        <p className={p.prose}>Your password alone will be enough to sign in, and your recovery codes stop working.</p>
        <PasswordInput
          label="Your password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={atPassword}
          aria-invalid={Boolean(atPassword)}
          autoComplete="current-password"
          required
          withAsterisk={false}
          data-autofocus
          visibilityToggleButtonProps={{ 'aria-label': 'Show what is typed' }}
        />
        <Problem text={error && !atPassword ? messageOf(error) : ''} />
        <div className={p.dialogFoot}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" color="red" loading={busy} disabled={!password}>
            Turn off
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
