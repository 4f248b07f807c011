import { ActionIcon, Button, Menu, Switch } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError, api } from '../../lib/api'
import { useCan } from '../../lib/session'
import { toast, toastError } from '../../lib/toast'
import type { Account } from '../../lib/types'
import { ChannelIcon, channelLabel } from '../../ui/ChannelIcon'
import { EmptyState } from '../../ui/EmptyState'
import { IconAlertTriangle, IconDots, IconListDetails, IconPlugConnected, IconRefresh, IconTrash } from '../../ui/icons'
import { Ago } from '../parts/Ago'
import { ConfirmDialog } from '../parts/ConfirmDialog'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { Panel } from '../parts/Panel'
import { FailedPage } from '../parts/States'
import { useGoTo } from '../parts/useSettingsPath'
import p from '../parts/parts.module.css'
import { Allowance } from './Allowance'
import { EditForm } from './EditForm'
import { HealthFacts } from './HealthFacts'
import { MadeSecrets } from './MadeSecrets'
import { Prices } from './Prices'
import { Snippet } from './Snippet'
import { Templates } from './Templates'
import { Webhook } from './Webhook'
import { isPolling, kindsQuery, useAccount, useForgetAccount, useKeepAccount } from './accounts'
import { guideOf } from './guides'
import { stateOf } from './health'
import s from './channels.module.css'

export function AccountPage({ id }: { id: string }) {
  const { data: account, error, refetch } = useAccount(id)
  const kinds = useQuery(kindsQuery)
  const mayManage = useCan('accounts.manage')

  if (error instanceof ApiError && error.status === 404) {
    return (
      <>
        <Heading title="Channel" back={{ to: 'channels', label: 'Channels' }} />
        <EmptyState icon={IconPlugConnected} title="This channel is no longer connected" />
      </>
    )
  }
  if (error && !account) return <FailedPage title="Channel" back={{ to: 'channels', label: 'Channels' }} error={error} onRetry={() => void refetch()} />
  if (!account) return <PageSkeleton title="Channel" />
  const kind = kinds.data?.items.find((each) => each.kind === account.kind)

  return (
    <>
      <Heading
        title={account.name}
        text={[channelLabel(account.kind), !account.snippet && account.address_label].filter(Boolean).join(' · ')}
        icon={
          <span className={s.mark}>
            <ChannelIcon channel={account.kind} size={24} />
          </span>
        }
        actions={mayManage && <Actions account={account} />}
        back={{ to: 'channels', label: 'Channels' }}
      />
      <HealthPanel account={account} />
      <Allowance id={account.id} />
      {account.snippet && (
        <Panel title="Widget" text="One line of HTML brings the chat onto your site.">
          <Snippet account={account} />
        </Panel>
      )}
      {account.webhook_url && (
        <Panel
          title="Incoming messages"
          text={isPolling(account) ? undefined : `Where ${guideOf(account.kind).provider} delivers what customers write.`}
        >
          <Webhook account={account} kind={kind} />
        </Panel>
      )}
      {account.capabilities.charged && <Prices account={account} />}
      {kind?.has_templates && <Templates account={account} />}
      {kind && mayManage && <EditForm key={account.id} account={account} kind={kind} />}
      {kind && mayManage && kind.made_secrets.length > 0 && <MadeSecrets account={account} kind={kind} />}
    </>
  )
}

function Actions({ account }: { account: Account }) {
  const keep = useKeepAccount()
  const forget = useForgetAccount()
  const goTo = useGoTo()
  const [checking, setChecking] = useState(false)
  const [switching, setSwitching] = useState(false)
  const [leaving, setLeaving] = useState(false)
  const path = `/accounts/${account.id}`

  async function check() {
    setChecking(true)
    try {
      const checked = await api.post<Account>(`${path}/check`)
      keep(checked)
      toast(checked.health.state === 'error' ? checked.health.summary : 'Checked. The credentials work.')
    } catch (error) {
      toastError('The account could not be checked', error)
    }
    setChecking(false)
  }

  async function setEnabled(enabled: boolean) {
    setSwitching(true)
    try {
      keep(await api.patch<Account>(path, { enabled }))
      toast(enabled ? `${account.name} is on.` : `${account.name} is off. Nothing is sent through it.`)
    } catch (error) {
      toastError(enabled ? 'The account is still off' : 'The account is still on', error)
    }
    setSwitching(false)
  }

  async function disconnect() {
    await api.delete(path)
    forget(account.id)
    goTo('channels', { replace: true })
    toast(`${account.name} was disconnected.`)
  }

  return (
    <>
      <Switch
        label="Enabled"
        checked={account.enabled}
        disabled={switching}
        onChange={(event) => void setEnabled(event.currentTarget.checked)}
      />
      <Button variant="default" leftSection={<IconRefresh size={16} />} loading={checking} onClick={() => void check()}>
        Check now
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size={34} aria-label="More actions">
            <IconDots size={17} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconListDetails size={16} />} onClick={() => goTo(`channels/${account.id}/setup`)}>
            Set-up steps
          </Menu.Item>
          <Menu.Item leftSection={<IconTrash size={16} />} className={p.dangerItem ?? ''} onClick={() => setLeaving(true)}>
            Disconnect…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {leaving && (
        <ConfirmDialog
          title={`Disconnect ${account.name}?`}
          confirm="Disconnect"
          typed={account.name}
          onConfirm={disconnect}
          onClose={() => setLeaving(false)}
        >
          <p>
            New messages of customers no longer arrive, and nobody can answer through <b>{account.name}</b>. Parley forgets its
            credentials. Conversations and messages stay.
          </p>
          <p>To pause it for a while, switch it off instead.</p>
        </ConfirmDialog>
      )}
    </>
  )
}

function HealthPanel({ account }: { account: Account }) {
  const { health } = account
  const state = stateOf(account)
  return (
    <Panel title="Health">
      <p className={s.stateLine} role="status">
        <span className={s.state} data-tone={state.tone}>
          <i aria-hidden />
          {state.word}
        </span>
        {health.state === 'ok' && account.enabled ? null : <span>{health.summary}</span>}
      </p>
      <HealthFacts health={health} className={p.facts} />
      {health.last_error && (
        <div className={s.lastError} role="group" aria-label="Last error">
          <IconAlertTriangle size={17} aria-hidden />
          <div>
            <b>
              Last error, <Ago at={health.last_error.at} never="time unknown" />
            </b>
            <p>{health.last_error.message || 'The provider gave no reason.'}</p>
            {health.last_error.code && <code>{health.last_error.code}</code>}
          </div>
        </div>
      )}
    </Panel>
  )
}
