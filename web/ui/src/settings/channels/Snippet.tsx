import type { Account } from '../../lib/types'
import { CopyField } from '../parts/CopyField'

/** The one line that brings the widget onto a page. */
export function Snippet({ account }: { account: Account }) {
  return (
    <CopyField
      label="Widget snippet"
      value={account.snippet ?? ''}
      help="Paste it before </body> on every page where visitors should be able to chat. It loads after your page and does not slow it down."
      multiline
    />
  )
}
