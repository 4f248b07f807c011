import { Modal, Switch } from '@mantine/core'
import { listShortcuts, setShortcutsEnabled, shortcutsEnabled, type Shortcut } from '../lib/keys'
import { useCell } from '../lib/store'
import { Keys } from '../ui/Kbd'
import s from './shell.module.css'

const GROUPS: Shortcut['group'][] = ['Conversations', 'Reply', 'Go to', 'Window']

export default function CheatSheet({ onClose }: { onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title="Keyboard shortcuts" size={640}>
      <Sheet />
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
          const byLabel = Map.groupBy(
            all.filter((shortcut) => shortcut.group === group),
            (shortcut) => shortcut.label,
          )
          if (byLabel.size === 0) return null
          return (
            <section key={group}>
              <h3>{group}</h3>
              <dl>
                {[...byLabel].map(([label, shortcuts]) => (
                  <div key={label}>
                    <dt>{label}</dt>
                    <dd>
                      {shortcuts.map(({ keys }) => (
                        <Keys key={keys} keys={keys} />
                      ))}
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
