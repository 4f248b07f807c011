import { Modal, type ModalProps } from '@mantine/core'
import { useEffect, useState } from 'react'

/** Where the focus goes back to; kept here because one dialog may follow another. */
let opener: HTMLElement | null = null

/** A dialog that is there as long as it is rendered, and gives the focus back to what opened it. */
export function Dialog(props: Omit<ModalProps, 'opened'>) {
  const [origin] = useState(() => (opener = findOpener()))
  useEffect(
    () => () => {
      // What opened it may be gone with what was deleted; then the page's heading takes over.
      const target = origin?.isConnected ? origin : document.querySelector<HTMLElement>('main h1')
      target?.focus({ preventScroll: true })
    },
    [origin],
  )
  // A form in it is not the form that it was opened from: that one would be sent, too.
  return <Modal opened returnFocus={false} onSubmit={(event) => event.stopPropagation()} {...props} />
}

function findOpener(): HTMLElement | null {
  const active = document.activeElement
  if (!(active instanceof HTMLElement)) return null
  if (active.closest('[role="dialog"]')) return opener
  const menu = active.closest('[role="menu"]')
  return menu ? document.querySelector<HTMLElement>(`[aria-controls="${CSS.escape(menu.id)}"]`) : active
}
