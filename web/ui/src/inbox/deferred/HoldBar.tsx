import type { Deferred, OutgoingContent, Content } from '../../lib/types'
import s from './deferred.module.css'

export interface Opener {
  content: Extract<OutgoingContent, { type: 'template' }>
  shown: Content
  /** what it is about, if it advertises */
  topic: string
}

interface HoldBarProps {
  contactName: string
  /** the template chosen for this time, or the account's own */
  template: string | null
  /** another answer waits already: the person is not asked twice */
  asked: boolean
  onReply: Deferred['on_reply']
  onReplyChange: (next: Deferred['on_reply']) => void
  onChoose: () => void
}

/** Above the text box while the window is closed: which template asks, and that the answer follows by itself. */
export function HoldBar({ contactName, template, asked, onReply, onReplyChange, onChoose }: HoldBarProps) {
  const first = contactName.split(' ')[0]
  return (
    <div className={s.hold}>
      <span>
        <b>The reply window is closed.</b>{' '}
        {asked
          ? `${first} has been asked to answer; what you write here waits behind the message above.`
          : template
            ? `The template “${template}” goes now; what you write here waits, and goes by itself when ${first} answers.`
            : `Choose a template that asks ${first} to answer; what you write here waits, and goes by itself when they do.`}
      </span>
      {!asked && (
        <button type="button" className={s.barButton} onClick={onChoose}>
          {template ? 'Another template' : 'Choose a template'}
        </button>
      )}
      {(template || asked) && (
        <label>
          <input type="checkbox" checked={onReply === 'ask'} onChange={(event) => onReplyChange(event.currentTarget.checked ? 'ask' : 'send')} />
          Ask me if they say more than a go-ahead
        </label>
      )}
    </div>
  )
}
