import { Button, NativeSelect, NumberInput, Switch, TextInput } from '@mantine/core'
import type { DraftCode } from '../lib/types'
import s from './templates.module.css'

const KINDS = [
  { value: 'copy_code', label: 'Copies the code' },
  { value: 'one_tap', label: 'Hands it to your app with one tap' },
  { value: 'zero_tap', label: 'Hands it to your app by itself' },
]

interface CodeFieldsProps {
  code: DraftCode | null | undefined
  problem: (field: string) => string | undefined
  onChange: (code: DraftCode) => void
}

/** A template for one-time codes; WhatsApp writes its words. */
export function CodeFields({ code, problem, onChange }: CodeFieldsProps) {
  const now: DraftCode = code ?? {}
  const apps = now.apps ?? []
  return (
    <div className={s.group}>
      <p className={s.quiet}>WhatsApp writes the words of codes in the customer’s language; you choose what stands beside them.</p>
      <NativeSelect
        label="The button"
        value={now.button ?? 'copy_code'}
        data={KINDS}
        onChange={(event) => onChange({ ...now, button: event.currentTarget.value as NonNullable<DraftCode['button']> })}
      />
      <TextInput
        label="Its label (optional)"
        value={now.button_text ?? ''}
        error={problem('code.button_text')}
        onChange={(event) => onChange({ ...now, button_text: event.currentTarget.value })}
      />
      <Switch
        label="Ask customers to keep the code to themselves"
        checked={now.security_recommendation ?? true}
        onChange={(event) => onChange({ ...now, security_recommendation: event.currentTarget.checked })}
      />
      <NumberInput
        label="Good for so many minutes (optional)"
        value={now.expires_minutes ?? ''}
        error={problem('code.expires_minutes')}
        allowDecimal={false}
        onChange={(value) => onChange({ ...now, expires_minutes: typeof value === 'number' ? value : null })}
      />
      {now.button && now.button !== 'copy_code' && (
        <>
          {apps.map((app, at) => (
            <div key={at} className={s.pair}>
              <TextInput
                size="xs"
                label="Package name of the app"
                value={app.package_name}
                error={problem(`code.apps.${at}.package_name`)}
                onChange={(event) => onChange({ ...now, apps: apps.map((each, place) => (place === at ? { ...each, package_name: event.currentTarget.value } : each)) })}
              />
              <TextInput
                size="xs"
                label="Signature hash"
                value={app.signature_hash}
                error={problem(`code.apps.${at}.signature_hash`)}
                onChange={(event) => onChange({ ...now, apps: apps.map((each, place) => (place === at ? { ...each, signature_hash: event.currentTarget.value } : each)) })}
              />
            </div>
          ))}
          {problem('code.apps') && <p className={s.problem}>{problem('code.apps')}</p>}
          <Button variant="default" size="xs" disabled={apps.length >= 5} onClick={() => onChange({ ...now, apps: [...apps, { package_name: '', signature_hash: '' }] })}>
            Add an app
          </Button>
        </>
      )}
    </div>
  )
}
