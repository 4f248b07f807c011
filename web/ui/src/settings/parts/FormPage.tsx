import { Button } from '@mantine/core'
import { useState, type FormEvent, type ReactNode } from 'react'
import { ApiError, messageOf } from '../../lib/api'
import { Problem } from './ConfirmDialog'
import { useGoTo } from './useSettingsPath'
import p from './parts.module.css'

interface Saving {
  busy: boolean
  error: unknown
  /** the server's refusal, with the fields that it is about */
  refusal: ApiError | null
  submit: (event: FormEvent) => Promise<void>
}

/** Sends a form; what was refused stays to be shown, and the form stays as it is. */
export function useSaving(save: () => Promise<unknown>): Saving {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      await save()
    } catch (reason) {
      setError(reason)
      setBusy(false)
    }
  }

  return { busy, error, refusal: error instanceof ApiError ? error : null, submit }
}

interface FormPageProps {
  label: string
  heading: ReactNode
  saving: Saving
  /** whoever may not change it reads it */
  editable: boolean
  /** where Cancel leads, below /settings/ */
  back: string
  saveLabel?: string
  wrong?: boolean
  /** beside the buttons */
  hint?: ReactNode
  /** dialogs, and what is above the fields */
  around?: ReactNode
  children: ReactNode
}

/** A page of settings that is one form. */
export function FormPage({ label, heading, saving, editable, back, saveLabel = 'Save', wrong = false, hint, around, children }: FormPageProps) {
  const goTo = useGoTo()
  return (
    <form className={p.form} onSubmit={(event) => void saving.submit(event)} aria-label={label}>
      {heading}
      {around}
      <fieldset disabled={!editable || saving.busy} className={p.fieldset}>
        {children}
      </fieldset>
      <Problem text={saving.error ? messageOf(saving.error) : ''} />
      {editable && (
        <div className={p.formFoot}>
          {hint}
          <Button variant="default" onClick={() => goTo(back)}>
            Cancel
          </Button>
          <Button type="submit" loading={saving.busy} disabled={wrong}>
            {saveLabel}
          </Button>
        </div>
      )}
    </form>
  )
}
