import { useCan } from '../../lib/session'
import type { Entry } from '../../lib/types'
import { IconAlertTriangle } from '../../ui/icons'
import { resend } from '../actions'
import { editUnsent } from '../composer/composerState'
import { discardUnsent, isUnsent } from '../outbox'
import { plainText } from './plainText'
import s from './thread.module.css'

const REASONS: Partial<Record<string, string>> = {
  failed: 'Not delivered.',
  unknown: 'No answer from the provider. It may have been delivered; a receipt settles it.',
  skipped: 'Not sent.',
  cancelled: 'Cancelled before it was sent.',
}

/** Why a message did not get through, in words, and what can be done. */
export function Failure({ entry }: { entry: Entry }) {
  const mayReply = useCan('inbox.reply')
  const { error, status } = entry
  const unsent = isUnsent(entry)
  const text = plainText(entry)
  return (
    <div className={s.failure} data-status={status}>
      <IconAlertTriangle size={14} aria-hidden />
      <span>
        {error?.message ?? REASONS[status ?? 'failed']}
        {error?.provider_code && <small> (code {error.provider_code})</small>}
      </span>
      {mayReply && (error?.can_resend ?? status === 'failed') && (
        <button type="button" onClick={() => void resend(entry)}>
          Resend
        </button>
      )}
      {unsent && entry.conversation_id && (
        <>
          {text && (
            <button type="button" onClick={() => editUnsent(entry, text)}>
              Edit
            </button>
          )}
          <button type="button" onClick={() => discardUnsent(entry.client_id ?? '')}>
            Discard
          </button>
        </>
      )}
    </div>
  )
}
