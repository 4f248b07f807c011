import { ActionIcon, Tooltip } from '@mantine/core'
import { useState } from 'react'
import { IconCheck, IconCopy } from './icons'

const SHOW_DONE_MS = 1500

export function CopyButton({ value, label, size = 26 }: { value: string; label: string; size?: number }) {
  const [done, setDone] = useState(false)
  async function copy() {
    await navigator.clipboard.writeText(value)
    setDone(true)
    setTimeout(() => setDone(false), SHOW_DONE_MS)
  }
  return (
    <Tooltip label={done ? 'Copied' : label}>
      <ActionIcon size={size} aria-label={label} onClick={() => void copy()}>
        {done ? <IconCheck size={15} /> : <IconCopy size={15} />}
      </ActionIcon>
    </Tooltip>
  )
}
