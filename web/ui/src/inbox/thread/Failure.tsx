import { useCan } from '../../lib/session'
import type { Entry } from '../../lib/types'
import { IconAlertTriangle } from '../../ui/icons'
import { resend } from '../actions'
import { takeUnsentBack } from '../composer/composerState'
import { discardUnsent, isUnsent, review } from '../outbox'
import { plainText } from './plainText'
import s from './thread.module.css'

const REASONS: Partial<Record<string, string>> = {
  failed: 'Not delivered.',
  unknown: 'No answer from the provider. It may have been delivered; a receipt settles it.',
  skipped: 'Not sent.',
}

/** Why a message did not get through, in words, and what can be done. */
export function Failure({ entry }: { entry: Entry }) {
  const mayReply = useCan('inbox.reply')
  const { error, status } = entry
  const unsent = isUnsent(entry)
  const text = plainText(entry)
  const held = error?.code === 'newer_messages'
  return (
    <div className={s.failure} data-status={status}>
      <IconAlertTriangle size={14} aria-hidden />
      <span>
        {error?.message ?? REASONS[status ?? 'failed']}
        {error?.provider_code && <small> (code {error.provider_code})</small>}
      </span>
      {mayReply && (error?.can_resend ?? status === 'failed') && (
        <button type="button" onClick={() => (held ? review(entry.conversation_id ?? '') : void resend(entry))}>
          {held ? 'Review' : 'Resend'}
        </button>
      )}
      {unsent && entry.conversation_id && (
        <>
          {text && (
            <button type="button" onClick={() => takeUnsentBack(entry.conversation_id ?? '', [entry])}>
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
