import { Button } from '@mantine/core'
import { flushDrafts } from '../lib/drafts'
import { useCell } from '../lib/store'
import s from './shell.module.css'
import { outdated } from './version'

export function UpdateChip() {
  if (!useCell(outdated)) return null
  return (
    <div className={s.update} role="status">
      <span>A new version of Parley is ready.</span>
      <Button
        size="compact-sm"
        onClick={() => {
          flushDrafts()
          location.reload()
        }}
      >
        Reload
      </Button>
    </div>
  )
}
