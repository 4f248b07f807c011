import { Button } from '@mantine/core'
import { useState } from 'react'
import { api, messageOf } from '../../lib/api'
import { useCan } from '../../lib/session'
import type { Account, ChannelKind } from '../../lib/types'
import { IconCircleCheck, IconExternalLink, IconWebhook } from '../../ui/icons'
import { Ago } from '../parts/Ago'
import { Problem } from '../parts/ConfirmDialog'
import { CopyField } from '../parts/CopyField'
import { isPolling, useKeepAccount } from './accounts'
import { guideOf } from './guides'
import s from './channels.module.css'

/** How the provider learns where to call: by one press, or by hand with the values to paste. */
export function Webhook({ account, kind }: { account: Account; kind: ChannelKind | undefined }) {
  const mayManage = useCan('accounts.manage')
  const guide = guideOf(account.kind)
  const keep = useKeepAccount()
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const registered = account.health.webhook_registered_at

  async function register() {
    setBusy(true)
    setProblem('')
    try {
      keep(await api.post<Account>(`/accounts/${account.id}/register-webhook`))
    } catch (error) {
      setProblem(messageOf(error))
    }
    setBusy(false)
  }

  if (isPolling(account)) {
    return <p className={s.text}>Parley asks {guide.provider} for new messages all the time, so there is nothing to register.</p>
  }
  return (
    <>
      {kind?.can_register_webhook && mayManage && (
        <div className={s.register}>
          <Button
            variant={registered ? 'default' : 'filled'}
            leftSection={<IconWebhook size={16} />}
            loading={busy}
            onClick={() => void register()}
          >
            {registered ? 'Register again' : 'Register the webhook for me'}
          </Button>
          <p role="status">
            {registered ? (
              <>
                <IconCircleCheck size={16} className={s.ok} aria-hidden />
                <span>
                  Registered at {guide.provider} <Ago at={registered} />
                </span>
              </>
            ) : (
              `Parley tells ${guide.provider} this address. It replaces the one that is set there now.`
            )}
          </p>
        </div>
      )}
      <Problem text={problem} />
      <CopyField label="Webhook URL" value={account.webhook_url ?? ''} />
      {account.verify_token && <CopyField label="Verify token" value={account.verify_token} />}
      {guide.byHand && mayManage && (
        <details className={s.details}>
          <summary>Do it by hand instead</summary>
          <p>{guide.byHand}</p>
          {guide.console && (
            <a href={guide.console.url} target="_blank" rel="noreferrer">
              {guide.console.label}
              <IconExternalLink size={14} aria-label="(opens in a new tab)" />
            </a>
          )}
        </details>
      )}
    </>
  )
}
