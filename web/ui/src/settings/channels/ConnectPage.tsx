import { Button, Loader, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState, type FormEvent } from 'react'
import { ApiError, api, messageOf } from '../../lib/api'
import { useCan } from '../../lib/session'
import type { Account, ChannelKind } from '../../lib/types'
import { ChannelIcon } from '../../ui/ChannelIcon'
import { EmptyState } from '../../ui/EmptyState'
import { IconExternalLink, IconPlugConnected } from '../../ui/icons'
import { Problem } from '../parts/ConfirmDialog'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { FailedPage, ForbiddenPage } from '../parts/States'
import { useGoTo } from '../parts/useSettingsPath'
import { Fields, Optional } from './Fields'
import { WidgetPreview } from './WidgetPreview'
import { kindsQuery, useKeepAccount } from './accounts'
import { startValues, wholeConfig } from './form'
import { guideOf } from './guides'
import s from './channels.module.css'

export function ConnectPage({ kind: name }: { kind: string }) {
  const mayManage = useCan('accounts.manage')
  const { data, error, refetch } = useQuery(kindsQuery)
  if (!mayManage) return <ForbiddenPage title="Connect a channel" back={{ to: 'channels', label: 'Channels' }} />
  if (error) return <FailedPage title="Connect a channel" back={{ to: 'channels', label: 'Channels' }} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton title="Connect a channel" />
  const kind = data.items.find((each) => each.kind === name)
  return kind ? (
    <ConnectForm kind={kind} />
  ) : (
    <>
      <Heading title="Connect a channel" back={{ to: 'channels/new', label: 'All channels' }} />
      <EmptyState icon={IconPlugConnected} title="There is no such channel" text="Choose one of the list." />
    </>
  )
}

type Stage = 'editing' | 'checking' | 'registering'

function ConnectForm({ kind }: { kind: ChannelKind }) {
  const guide = guideOf(kind.kind)
  const goTo = useGoTo()
  const keep = useKeepAccount()
  const form = useRef<HTMLFormElement>(null)
  const [name, setName] = useState('')
  const [values, setValues] = useState(() => startValues(kind.fields))
  const [stage, setStage] = useState<Stage>('editing')
  const [error, setError] = useState<unknown>(null)
  const refusal = error instanceof ApiError ? error : null
  const atFields = kind.fields.some((field) => refusal?.field(`config.${field.name}`)) || refusal?.field('name')
  const general = error && !atFields ? messageOf(error) : ''

  useEffect(() => {
    if (error) focusFirstInvalid(form.current)
  }, [error])

  async function submit(event: FormEvent) {
    event.preventDefault()
    setError(null)
    setStage('checking')
    let account: Account
    try {
      account = await api.post<Account>('/accounts', { kind: kind.kind, name: name.trim(), config: wholeConfig(kind.fields, values) })
    } catch (reason) {
      setError(reason)
      setStage('editing')
      return
    }
    if (guide.registersItself) {
      setStage('registering')
      try {
        account = await api.post<Account>(`/accounts/${account.id}/register-webhook`)
      } catch {
        // The account exists; the next page offers to register again and shows why it does not work.
      }
    }
    keep(account)
    goTo(`channels/${account.id}/setup`, { replace: true })
  }

  return (
    <>
      <Heading
        title={`Connect ${kind.label}`}
        text={kind.tagline}
        icon={
          <span className={s.mark}>
            <ChannelIcon channel={kind.kind} size={24} />
          </span>
        }
        back={{ to: 'channels/new', label: 'All channels' }}
      />
      <div className={s.connect}>
        <form ref={form} className={s.form} onSubmit={(event) => void submit(event)} aria-label={`Connect ${kind.label}`}>
          <fieldset disabled={stage !== 'editing'} className={s.fieldset}>
            <TextInput
              label={<Optional label="Name" />}
              name="name"
              description="How your team sees it. Customers do not."
              inputWrapperOrder={['label', 'input', 'error', 'description']}
              placeholder={kind.label}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              error={refusal?.field('name')}
              maxLength={100}
              autoComplete="off"
            />
            <Fields
              fields={kind.fields}
              values={values}
              error={refusal}
              onChange={(field, value) => setValues((known) => ({ ...known, [field]: value }))}
            />
          </fieldset>
          <Problem text={general} />
          <div className={s.submit}>
            <Button type="submit" loading={stage !== 'editing'}>
              Connect
            </Button>
            <p role="status">
              {stage !== 'editing' && <Loader size={15} />}
              {stage === 'checking' && `Checking with ${guide.provider === 'Parley' ? 'the server' : guide.provider}…`}
              {stage === 'registering' && 'Registering the webhook…'}
            </p>
          </div>
        </form>
        <aside className={s.aside} aria-label="Before you start">
          {kind.kind === 'livechat' ? (
            <WidgetPreview values={values} />
          ) : (
            <>
              <h2>Before you start</h2>
              <ol>
                {guide.before.map((step) => (
                  <li key={step}>{step}</li>
                ))}
              </ol>
              {guide.console && (
                <a href={guide.console.url} target="_blank" rel="noreferrer">
                  {guide.console.label}
                  <IconExternalLink size={14} aria-label="(opens in a new tab)" />
                </a>
              )}
              <p>
                Parley tries the values at {guide.provider} before it stores anything. Secrets are stored encrypted and are
                never shown again.
              </p>
            </>
          )}
        </aside>
      </div>
    </>
  )
}

export function focusFirstInvalid(form: HTMLFormElement | null): void {
  form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
}
