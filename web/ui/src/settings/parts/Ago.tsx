import { ago, fullTime, remaining } from '../../lib/format'
import { useNow } from '../../inbox/useNow'

/** How long ago something was; the exact time under the pointer. */
export function Ago({ at, never = 'never' }: { at: string | null | undefined; never?: string }) {
  const now = useNow()
  if (!at) return <>{never}</>
  return (
    <time dateTime={at} title={fullTime(at)}>
      {ago(at, Math.max(now, Date.now()))}
    </time>
  )
}

/** How long until something ends; the exact time under the pointer. */
export function Until({ at }: { at: string }) {
  const now = useNow()
  const left = Date.parse(at) - now
  return (
    <time dateTime={at} title={fullTime(at)}>
      {left <= 0 ? 'ended' : `in ${remaining(left)}`}
    </time>
  )
}
