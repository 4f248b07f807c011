import { useEffect, useState } from 'react'
import { useMe } from '../../lib/session'
import type { Entry } from '../../lib/types'
import { IconArrowBackUp } from '../../ui/icons'
import { takeBack } from '../composer/undo'
import s from './thread.module.css'

/** The seconds left in which a message can be taken back; for others only that it waits. */
export function TakeBack({ entry }: { entry: Entry }) {
  const mine = useMe().member.id === entry.author?.id
  const until = Date.parse(entry.undo_until ?? '')
  const [left, setLeft] = useState(() => until - Date.now())
  useEffect(() => {
    const timer = setInterval(() => setLeft(until - Date.now()), 250)
    return () => clearInterval(timer)
  }, [until])
  if (left <= 0) return null
  const seconds = Math.ceil(left / 1000)
  // A long text goes in parts; one of them carries the button.
  if (entry.client_id?.includes('/')) return null
  return (
    <div className={s.takeBack}>
      <span role="timer" aria-live="off">
        Sends in {seconds} s
      </span>
      {mine && (
        <button type="button" onClick={() => void takeBack(entry)}>
          <IconArrowBackUp size={14} /> Undo
        </button>
      )}
    </div>
  )
}
