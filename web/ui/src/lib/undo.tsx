/** What was just done and can be taken back: by the button of its toast, or the newest by Z. */
import { notifications } from '@mantine/notifications'
import { toast } from './toast'

const SHOWN_MS = 8000

interface Done {
  id: string
  undo: () => void
}

const recent: Done[] = []

/** Say what was done, with a way back for a few seconds. */
export function done(message: string, undo: () => void): void {
  const each: Done = { id: notifications.show({ message: '', autoClose: SHOWN_MS, withBorder: true, onClose: forget }), undo }
  notifications.update({
    id: each.id,
    message: (
      <span className="undo">
        {message}
        <button type="button" onClick={() => takeBack(each)}>
          Undo
        </button>
      </span>
    ),
  })
  recent.push(each)

  function forget() {
    const at = recent.indexOf(each)
    if (at >= 0) recent.splice(at, 1)
  }
}

export function undoLast(): void {
  const last = recent.at(-1)
  if (last) takeBack(last)
  else toast('There is nothing to undo.')
}

function takeBack(each: Done): void {
  const at = recent.indexOf(each)
  if (at < 0) return
  recent.splice(at, 1)
  notifications.hide(each.id)
  each.undo()
}
