import { Button, Menu, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useRef } from 'react'
import { api, messageOf } from '../../lib/api'
import type { Page, Rendered, TextVariable } from '../../lib/types'
import { IconBraces } from '../../ui/icons'
import s from './canned.module.css'

interface VariableTextProps {
  label: string
  value: string
  onChange: (text: string) => void
  error?: string | undefined
}

/** A text in which variables may stand, with a menu of them and how it will read. */
export function VariableText({ label, value, onChange, error }: VariableTextProps) {
  const box = useRef<HTMLTextAreaElement>(null)
  const { data: variables } = useQuery({
    queryKey: ['variables'],
    queryFn: () => api.get<Page<TextVariable>>('/variables').then((page) => page.items),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const shown = useDeferredValue(value)
  const special = shown.includes('{{') || shown.includes('{%')
  const { data: preview, error: wrong } = useQuery({
    queryKey: ['variables', 'preview', shown],
    queryFn: () => api.post<Rendered>('/variables/preview', { text: shown }),
    enabled: special,
    placeholderData: (before) => before,
  })

  function insert(name: string) {
    const element = box.current
    const from = element?.selectionStart ?? value.length
    const to = element?.selectionEnd ?? from
    const addition = `{{ ${name} }}`
    onChange(value.slice(0, from) + addition + value.slice(to))
    requestAnimationFrame(() => {
      element?.focus()
      element?.setSelectionRange(from + addition.length, from + addition.length)
    })
  }

  return (
    <div className={s.variableText}>
      <Textarea
        ref={box}
        aria-label={label}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        error={error ?? (special && wrong ? messageOf(wrong) : undefined)}
        maxLength={5000}
        minRows={3}
        maxRows={12}
        autosize
      />
      <Menu position="bottom-start" width={280} returnFocus={false}>
        <Menu.Target>
          <Button variant="subtle" color="gray" size="compact-xs" leftSection={<IconBraces size={14} />}>
            Insert a variable
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {variables?.map((variable) => (
            <Menu.Item key={variable.name} onClick={() => insert(variable.name)} rightSection={<small>{variable.example}</small>}>
              {variable.label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {special && preview && !wrong && (
        <p className={s.preview} aria-label="Preview">
          {preview.text}
        </p>
      )}
    </div>
  )
}
