import { Button, TextInput } from '@mantine/core'
import { useState, type FormEvent, type ReactNode } from 'react'
import { messageOf } from '../../lib/api'
import { Dialog } from './Dialog'
import s from './parts.module.css'

interface ConfirmDialogProps {
  title: string
  children: ReactNode
  confirm: string
  danger?: boolean
  /** what has to be typed first, for what cannot be undone */
  typed?: string
  /** may refuse: the reason is shown and the dialog stays open */
  onConfirm: () => Promise<unknown>
  onClose: () => void
}

export function ConfirmDialog({ title, children, confirm, danger = true, typed, onConfirm, onClose }: ConfirmDialogProps) {
  const [text, setText] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const ready = !typed || text.trim() === typed.trim()

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (!ready) return
    setBusy(true)
    setProblem('')
    try {
      await onConfirm()
      onClose()
    } catch (error) {
      setProblem(messageOf(error))
      setBusy(false)
    }
  }

  return (
    <Dialog onClose={onClose} title={title} size={460}>
      <form className={s.dialog} onSubmit={(event) => void submit(event)}>
        <div className={s.prose}>{children}</div>
        {typed && (
          <TextInput
            label={`Type ${typed} to confirm`}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
          />
        )}
        <Problem text={problem} />
        <div className={s.dialogFoot}>
          <Button variant="default" onClick={onClose} {...(!typed && { 'data-autofocus': true })}>
            Cancel
          </Button>
          <Button type="submit" {...(danger && { color: 'red' })} loading={busy} disabled={!ready}>
            {confirm}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** Why something did not work, said aloud when it appears. */
export function Problem({ text }: { text: string }) {
  return (
    <div className={s.problem} role="alert">
      {text}
    </div>
  )
}
