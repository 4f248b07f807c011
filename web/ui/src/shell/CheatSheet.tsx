import { Modal, Switch } from '@mantine/core'
import { listShortcuts, setShortcutsEnabled, shortcutsEnabled, type Shortcut } from '../lib/keys'
import { useCell } from '../lib/store'
import { Keys } from '../ui/Kbd'
import s from './shell.module.css'

const GROUPS: Shortcut['group'][] = ['Conversations', 'Reply', 'Go to', 'Window']

export function CheatSheet({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard shortcuts" size={640}>
      {opened && <Sheet />}
    </Modal>
  )
}

function Sheet() {
  const enabled = useCell(shortcutsEnabled)
  const all = listShortcuts()
  return (
    <>
      <div className={s.sheet}>
        {GROUPS.map((group) => {
          const shortcuts = all.filter((shortcut) => shortcut.group === group)
          if (shortcuts.length === 0) return null
          return (
            <section key={group}>
              <h3>{group}</h3>
              <dl>
                {shortcuts.map((shortcut) => (
                  <div key={shortcut.keys}>
                    <dt>{shortcut.label}</dt>
                    <dd>
                      <Keys keys={shortcut.keys} />
                    </dd>
                  </div>
                ))}
              </dl>
            </section>
          )
        })}
      </div>
      <Switch
        mt="lg"
        label="Single-key shortcuts"
        description="Turn them off if you use speech input or other tools that type letters."
        checked={enabled}
        onChange={(event) => setShortcutsEnabled(event.currentTarget.checked)}
      />
    </>
  )
}
