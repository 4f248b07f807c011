import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useCan } from '../../lib/session'
import type { Account } from '../../lib/types'
import { ChannelIcon, channelLabel } from '../../ui/ChannelIcon'
import { EmptyState } from '../../ui/EmptyState'
import { IconPlugConnected, IconPlus } from '../../ui/icons'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { SettingsLink } from '../parts/SettingsLink'
import { FailedPage } from '../parts/States'
import { useGoTo, useSettingsPath } from '../parts/useSettingsPath'
import { AccountPage } from './AccountPage'
import { ConnectPage } from './ConnectPage'
import { Gallery, GalleryPage } from './Gallery'
import { HealthFacts } from './HealthFacts'
import { SetupPage } from './SetupPage'
import { accountsQuery } from './accounts'
import { stateOf } from './health'
import s from './channels.module.css'

const REFRESH_MS = 20_000

/** `channels`, `channels/new`, `channels/new/sms`, `channels/acc_1`, `channels/acc_1/setup` */
export default function ChannelsPage() {
  const [first, second] = useSettingsPath()
  if (first === undefined) return <AccountList />
  if (first === 'new') return second ? <ConnectPage key={second} kind={second} /> : <GalleryPage />
  return second === 'setup' ? <SetupPage key={first} id={first} /> : <AccountPage key={first} id={first} />
}

function AccountList() {
  const mayManage = useCan('accounts.manage')
  const goTo = useGoTo()
  const { data, error, refetch } = useQuery({ ...accountsQuery, staleTime: 5_000, refetchInterval: REFRESH_MS })
  const accounts = data?.items

  if (error && !accounts) return <FailedPage title="Channels" error={error} onRetry={() => void refetch()} />
  if (!accounts) return <PageSkeleton title="Channels" />
  return (
    <>
      <Heading
        title="Channels"
        text="Where customers can write to you. All of it arrives in one inbox."
        actions={
          mayManage &&
          accounts.length > 0 && (
            <Button leftSection={<IconPlus size={16} />} onClick={() => goTo('channels/new')}>
              Connect a channel
            </Button>
          )
        }
      />
      {accounts.length > 0 ? (
        <ul className={s.accounts} aria-label="Connected channels">
          {accounts.map((account) => (
            <AccountCard key={account.id} account={account} />
          ))}
        </ul>
      ) : mayManage ? (
        <>
          <p className={s.lead}>Nothing is connected yet. Choose where your customers write:</p>
          <Gallery />
        </>
      ) : (
        <EmptyState
          icon={IconPlugConnected}
          title="No channel is connected yet"
          text="An owner or admin of this workspace can connect one."
        />
      )}
    </>
  )
}

function AccountCard({ account }: { account: Account }) {
  const { health } = account
  const state = stateOf(account)
  return (
    <li className={s.account}>
      <span className={s.mark}>
        <ChannelIcon channel={account.kind} size={22} />
      </span>
      <div className={s.accountText}>
        <h2>
          <SettingsLink to={`channels/${account.id}`}>{account.name}</SettingsLink>
        </h2>
        <p>
          {channelLabel(account.kind)}
          {account.address_label && account.kind !== 'livechat' && ` · ${account.address_label}`}
        </p>
      </div>
      <span className={s.state} data-tone={state.tone}>
        <i aria-hidden />
        {state.word}
      </span>
      {(health.state !== 'ok' || !account.enabled) && <p className={s.summary}>{health.summary}</p>}
      <HealthFacts health={health} className={s.cardFacts} brief />
    </li>
  )
}
