import { connection } from '../lib/live'
import { useCell } from '../lib/store'
import { IconCloudOff } from '../ui/icons'
import s from './shell.module.css'

export function OfflineBanner() {
  const offline = useCell(connection) === 'offline'
  // The region is always there: a live region that appears together with its text is not read out.
  return (
    <div role="status" className={s.offline} data-on={offline || undefined}>
      {offline && (
        <>
          <IconCloudOff size={15} />
          <span>Offline. Reconnecting; what you write is kept and sent when you are back.</span>
        </>
      )}
    </div>
  )
}
