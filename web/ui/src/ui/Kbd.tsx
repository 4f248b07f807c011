import { Fragment } from 'react'
import s from './ui.module.css'

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.userAgent)
const NAMES: Record<string, string> = {
  mod: IS_MAC ? '⌘' : 'Ctrl',
  shift: IS_MAC ? '⇧' : 'Shift',
  Enter: '↵',
  Escape: 'Esc',
  ArrowDown: '↓',
  ArrowUp: '↑',
}

export function Kbd({ children }: { children: string }) {
  return <kbd className={s.kbd}>{children}</kbd>
}

/** Keys as the registry writes them: `shift+e`, `g i`. */
export function Keys({ keys }: { keys: string }) {
  return (
    <span className={s.keys}>
      {keys.split(' ').map((step, index) => (
        <Fragment key={step}>
          {index > 0 && <span className={s.then}>then</span>}
          {step.split('+').map((key) => (
            <Kbd key={key}>{NAMES[key] ?? key.toUpperCase()}</Kbd>
          ))}
        </Fragment>
      ))}
    </span>
  )
}
