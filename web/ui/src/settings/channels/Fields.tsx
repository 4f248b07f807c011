import { NativeSelect, PasswordInput, Switch, TextInput, Textarea } from '@mantine/core'
import type { ApiError } from '../../lib/api'
import type { Account, ChannelField } from '../../lib/types'
import { isStored, type Value, type Values } from './form'
import s from './channels.module.css'

interface FieldsProps {
  fields: ChannelField[]
  values: Values
  /** of the account that is edited; none for a new one */
  config?: Account['config']
  error: ApiError | null
  onChange: (name: string, value: Value) => void
}

/** The form of a channel, as the server describes it. */
export function Fields({ fields, values, config, error, onChange }: FieldsProps) {
  return fields.map((field) => (
    <Field
      key={field.name}
      field={field}
      value={values[field.name] ?? ''}
      stored={config !== undefined && isStored(field, config)}
      error={error?.field(`config.${field.name}`)}
      onChange={(value) => onChange(field.name, value)}
    />
  ))
}

const ORDER = ['label', 'input', 'error', 'description'] as ('label' | 'input' | 'error' | 'description')[]

interface FieldProps {
  field: ChannelField
  value: Value
  stored: boolean
  error: string | undefined
  onChange: (value: Value) => void
}

function Field({ field, value, stored, error, onChange }: FieldProps) {
  const text = String(value)
  const needed = field.required && !stored
  const shared = {
    name: field.name,
    // A refusal often repeats the help, which stands below anyway.
    error: error?.endsWith(field.help) ? `${field.label} is needed.` : error,
    description: field.help,
    label: field.required || field.type === 'boolean' ? field.label : <Optional label={field.label} />,
    placeholder: stored ? 'Stored. Leave empty to keep it.' : field.placeholder,
    required: needed,
    withAsterisk: false,
    inputWrapperOrder: ORDER,
    spellCheck: false,
  }
  if (field.type === 'boolean') {
    return (
      <Switch
        name={field.name}
        label={field.label}
        description={field.help}
        error={error}
        checked={value === true}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    )
  }
  if (field.type === 'select') {
    const { placeholder, ...rest } = shared
    return (
      <NativeSelect
        {...rest}
        label={field.label}
        data={field.options.map(([value, label]) => ({ value, label }))}
        value={text}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    )
  }
  if (field.type === 'origins' || field.type === 'lines') {
    return (
      <Textarea {...shared} rows={3} classNames={{ input: s.mono ?? '' }} value={text} onChange={(event) => onChange(event.currentTarget.value)} />
    )
  }
  if (field.type === 'color') {
    return (
      <TextInput
        {...shared}
        value={text}
        onChange={(event) => onChange(event.currentTarget.value)}
        maxLength={7}
        leftSection={
          <input
            type="color"
            className={s.swatch}
            aria-label={`Pick: ${field.label}`}
            value={/^#[0-9a-f]{6}$/i.test(text) ? text : '#4f46e5'}
            onChange={(event) => onChange(event.currentTarget.value)}
          />
        }
      />
    )
  }
  if (field.secret || field.type === 'password') {
    return (
      <PasswordInput
        {...shared}
        value={text}
        onChange={(event) => onChange(event.currentTarget.value)}
        autoComplete="new-password"
        // Mantine says it of every input but this one.
        aria-invalid={Boolean(error)}
        data-1p-ignore
        visibilityToggleButtonProps={{ 'aria-label': `Show what is typed: ${field.label}`, disabled: text === '', tabIndex: 0 }}
      />
    )
  }
  return (
    <TextInput
      {...shared}
      type={field.type === 'url' ? 'url' : 'text'}
      value={text}
      onChange={(event) => onChange(event.currentTarget.value)}
      autoComplete="off"
    />
  )
}

export function Optional({ label }: { label: string }) {
  return (
    <>
      {label} <span className={s.optional}>(optional)</span>
    </>
  )
}
