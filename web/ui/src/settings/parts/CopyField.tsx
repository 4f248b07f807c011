import { CopyButton } from '../../ui/CopyButton'
import s from './parts.module.css'

interface CopyFieldProps {
  label: string
  value: string
  help?: string
  multiline?: boolean
}

/** A value to take elsewhere. It can be selected, and copied with one press. */
export function CopyField({ label, value, help, multiline }: CopyFieldProps) {
  return (
    <div className={s.copyField} role="group" aria-label={label}>
      <span className={s.copyLabel}>{label}</span>
      <div className={s.copyBox} data-multiline={multiline || undefined}>
        <code>{value}</code>
        <CopyButton value={value} label={`Copy ${label.charAt(0).toLowerCase()}${label.slice(1)}`} />
      </div>
      {help && <p>{help}</p>}
    </div>
  )
}
