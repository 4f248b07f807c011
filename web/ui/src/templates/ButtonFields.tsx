import { ActionIcon, Button, NativeSelect, TextInput } from '@mantine/core'
import { useId } from 'react'
import type { DraftButton } from '../lib/types'
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from '../ui/icons'
import s from './templates.module.css'

type Kind = DraftButton['kind']

const KINDS: Record<Kind, string> = {
  quick_reply: 'Quick reply',
  url: 'Opens a page',
  phone: 'Calls a number',
  copy_code: 'Copies a code',
  flow: 'Opens a form (Flow)',
}

interface ButtonFieldsProps {
  label: string
  field: string
  buttons: readonly DraftButton[]
  kinds: Kind[]
  most: number
  problem: (field: string) => string | undefined
  onChange: (buttons: DraftButton[]) => void
}

export function ButtonFields({ label, field, buttons, kinds, most, problem, onChange }: ButtonFieldsProps) {
  const id = useId()
  const change = (at: number, next: Partial<DraftButton>) => onChange(buttons.map((each, place) => (place === at ? { ...each, ...next } : each)))
  function move(at: number, by: number) {
    const next = [...buttons]
    const [moved] = next.splice(at, 1)
    if (moved) next.splice(at + by, 0, moved)
    onChange(next)
  }
  return (
    <div className={s.buttons} role="group" aria-labelledby={id}>
      <h2 id={id}>{label}</h2>
      {buttons.map((button, at) => (
        <div key={at} className={s.button} role="group" aria-label={`Button ${at + 1}`}>
          <NativeSelect
            size="xs"
            aria-label={`Kind of button ${at + 1}`}
            value={button.kind}
            data={kinds.map((kind) => ({ value: kind, label: KINDS[kind] }))}
            onChange={(event) => change(at, { kind: event.currentTarget.value as Kind })}
          />
          <div className={s.buttonTools}>
            <ActionIcon variant="subtle" color="gray" aria-label={`Move button ${at + 1} up`} disabled={at === 0} onClick={() => move(at, -1)}>
              <IconArrowUp size={15} />
            </ActionIcon>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Move button ${at + 1} down`}
              disabled={at === buttons.length - 1}
              onClick={() => move(at, 1)}
            >
              <IconArrowDown size={15} />
            </ActionIcon>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Remove button ${at + 1}`}
              onClick={() => onChange(buttons.filter((_, place) => place !== at))}
            >
              <IconTrash size={15} />
            </ActionIcon>
          </div>
          {button.kind !== 'copy_code' && (
            <TextInput
              size="xs"
              label="Label"
              value={button.text ?? ''}
              error={problem(`${field}.${at}.text`)}
              onChange={(event) => change(at, { text: event.currentTarget.value })}
              rightSection={<small className={s.count}>{25 - (button.text?.length ?? 0)}</small>}
            />
          )}
          {button.kind === 'url' && (
            <TextInput
              size="xs"
              label="Address"
              description="End it with {{1}} for a page of each customer’s own."
              placeholder="https://example.com/orders/{{1}}"
              value={button.url ?? ''}
              error={problem(`${field}.${at}.url`)}
              onChange={(event) => change(at, { url: event.currentTarget.value.trim() })}
            />
          )}
          {button.kind === 'url' && button.url?.includes('{{') && (
            <TextInput
              size="xs"
              label="Example of the whole address"
              value={button.example ?? ''}
              error={problem(`${field}.${at}.example`)}
              onChange={(event) => change(at, { example: event.currentTarget.value.trim() })}
            />
          )}
          {button.kind === 'phone' && (
            <TextInput
              size="xs"
              label="Number"
              type="tel"
              placeholder="+1 202 555 0123"
              value={button.phone ?? ''}
              error={problem(`${field}.${at}.phone`)}
              onChange={(event) => change(at, { phone: event.currentTarget.value })}
            />
          )}
          {button.kind === 'copy_code' && (
            <TextInput
              size="xs"
              label="Example of a code"
              value={button.example ?? ''}
              error={problem(`${field}.${at}.example`)}
              onChange={(event) => change(at, { example: event.currentTarget.value })}
            />
          )}
          {button.kind === 'flow' && (
            <>
              <TextInput
                size="xs"
                label="Id of the Flow"
                value={button.flow_id ?? ''}
                error={problem(`${field}.${at}.flow_id`)}
                onChange={(event) => change(at, { flow_id: event.currentTarget.value.trim() })}
              />
              <TextInput
                size="xs"
                label="First screen (optional)"
                value={button.screen ?? ''}
                onChange={(event) => change(at, { screen: event.currentTarget.value.trim() })}
              />
            </>
          )}
        </div>
      ))}
      {problem(field) && <p className={s.problem}>{problem(field)}</p>}
      {buttons.length < most && (
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={15} />}
          onClick={() => onChange([...buttons, { kind: kinds[0] ?? 'quick_reply', text: '' }])}
        >
          Add a button
        </Button>
      )}
    </div>
  )
}
