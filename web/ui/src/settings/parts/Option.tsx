import { Switch } from '@mantine/core'
import type { ReactNode } from 'react'
import p from './parts.module.css'

interface OptionProps {
  label: string
  text: ReactNode
  checked: boolean
  disabled?: boolean
  onChange: (on: boolean) => void
}

/** A switch with what it does below its name. */
export function Option({ label, text, checked, disabled = false, onChange }: OptionProps) {
  return (
    <div className={p.option}>
      <Switch
        className={p.switch ?? ''}
        label={label}
        description={text}
        labelPosition="left"
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    </div>
  )
}
