import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Account } from '../../lib/types'
import { ChannelIcon, channelLabel } from '../../ui/ChannelIcon'
import { IconCheck, IconExternalLink } from '../../ui/icons'
import { Ago } from '../parts/Ago'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { FailedPage } from '../parts/States'
import { useGoTo } from '../parts/useSettingsPath'
import { Snippet } from './Snippet'
import { WidgetPreview } from './WidgetPreview'
import { Webhook } from './Webhook'
import { isPolling, isWaiting, kindsQuery, useAccount } from './accounts'
import { startValues } from './form'
import { guideOf } from './guides'
import s from './channels.module.css'

/** What comes after an account was connected: letting messages in, and seeing the first one arrive. */
export function SetupPage({ id }: { id: string }) {
  const { data: account, error, refetch } = useAccount(id)
  const kinds = useQuery(kindsQuery)
  const goTo = useGoTo()
  if (error && !account) return <FailedPage title="Channel" back={{ to: 'channels', label: 'Channels' }} error={error} onRetry={() => void refetch()} />
  if (!account) return <PageSkeleton title="Channel" />

  const kind = kinds.data?.items.find((each) => each.kind === account.kind)
  const label = channelLabel(account.kind)
  const registered = account.health.webhook_registered_at !== null || isPolling(account)
  const received = account.health.last_webhook_at !== null
  return (
    <>
      <Heading
        title={`${label} is connected`}
        text={
          account.address_label && !account.snippet
            ? `${account.name} · ${account.address_label}`
            : account.name
        }
        icon={
          <span className={s.mark}>
            <ChannelIcon channel={account.kind} size={24} />
          </span>
        }
        back={{ to: 'channels', label: 'Channels' }}
      />
      <ol className={s.steps}>
        <Step
          done
          title="Account checked"
          text={account.snippet ? 'The site has its key.' : `${guideOf(account.kind).provider} accepted the values. They are stored encrypted.`}
        />
        {account.webhook_url && (
          <Step done={registered || received} title="Let messages in">
            <Webhook account={account} kind={kind} />
          </Step>
        )}
        {account.snippet && (
          <Step done={received} title="Put the chat on your site">
            <Snippet account={account} />
            {kind && (
              <div className={s.setupPreview}>
                <WidgetPreview values={startValues(kind.fields, account.config)} />
              </div>
            )}
          </Step>
        )}
        <Step done={received} waiting={isWaiting(account)} title="Send a test message">
          <TryIt account={account} />
        </Step>
      </ol>
      <div className={s.finish}>
        <Button variant={received || account.snippet ? 'filled' : 'default'} onClick={() => goTo(`channels/${account.id}`)}>
          {received || account.snippet ? 'Done' : 'Finish later'}
        </Button>
        {received && (
          <Link to="/inbox" className={s.inboxLink}>
            Open the inbox
          </Link>
        )}
      </div>
    </>
  )
}

function TryIt({ account }: { account: Account }) {
  const at = account.health.last_webhook_at
  const { text, link } = guideOf(account.kind).tryIt(account)
  return (
    <>
      <p className={s.text}>
        {text}{' '}
        {link && (
          <a href={link.url} target="_blank" rel="noreferrer">
            {link.label}
            <IconExternalLink size={13} aria-label="(opens in a new tab)" />
          </a>
        )}
      </p>
      <p className={s.waiting} role="status" data-state={at ? 'received' : 'waiting'}>
        <i aria-hidden />
        {at ? (
          <span>
            It works: the last message came <Ago at={at} />.
          </span>
        ) : account.webhook_url ? (
          'Waiting for the first webhook…'
        ) : (
          'Waiting for the first message…'
        )}
      </p>
    </>
  )
}

interface StepProps {
  title: string
  text?: string
  done?: boolean
  waiting?: boolean
  children?: ReactNode
}

function Step({ title, text, done = false, waiting = false, children }: StepProps) {
  return (
    <li data-state={done ? 'done' : waiting ? 'waiting' : 'todo'}>
      <span className={s.stepMark}>{done && <IconCheck size={14} stroke={2.6} aria-label="Done" />}</span>
      <div>
        <h2>{title}</h2>
        {text && <p className={s.text}>{text}</p>}
        {children}
      </div>
    </li>
  )
}
