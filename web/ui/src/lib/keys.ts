/** Keyboard shortcuts: one registry, one listener, and the list behind `?`. */
import { useEffect, useEffectEvent } from 'react'
import { Cell, Emitter } from './store'

export interface Shortcut {
  /** `j`, `shift+e`, `mod+k`, or a sequence: `g i` */
  keys: string
  label: string
  group: 'Conversations' | 'Reply' | 'Go to' | 'Window'
  /** it goes before others of the same keys, whichever came last */
  first: boolean
  run(): void
}

const SEQUENCE_MS = 1000
const ENABLED_KEY = 'parley.shortcuts'

const active = new Set<Shortcut>()
const changes = new Emitter()
let prefix: { key: string; at: number } | null = null

/** Single letters get in the way of speech input and some switches; people can turn them off (WCAG 2.1.4). */
export const shortcutsEnabled = new Cell(localStorage.getItem(ENABLED_KEY) !== 'off')

export function setShortcutsEnabled(on: boolean): void {
  localStorage.setItem(ENABLED_KEY, on ? 'on' : 'off')
  shortcutsEnabled.set(on)
}

/** Offer the shortcut while the component is on screen. */
export function useShortcut(keys: string, label: string, group: Shortcut['group'], run: () => void, enabled = true, first = false): void {
  const latest = useEffectEvent(run)
  useEffect(() => {
    if (!enabled) return
    const shortcut: Shortcut = { keys, label, group, first, run: () => latest() }
    active.add(shortcut)
    changes.emit()
    return () => {
      active.delete(shortcut)
      changes.emit()
    }
  }, [keys, label, group, enabled, first])
}

export function listShortcuts(): Shortcut[] {
  return [...active]
}

export function startShortcuts(): () => void {
  addEventListener('keydown', onKeyDown)
  return () => removeEventListener('keydown', onKeyDown)
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || event.altKey) return
  const pressed = describe(event)
  if (!pressed) return
  const mod = event.metaKey || event.ctrlKey
  if (!mod && (!shortcutsEnabled.get() || isTyping(event.target))) return
  // Enter is the button's or the link's that has the focus.
  if (pressed === 'Enter' && event.target instanceof HTMLElement && event.target.closest('button, a[href], summary')) return
  const candidates = prefix && Date.now() - prefix.at < SEQUENCE_MS ? [`${prefix.key} ${pressed}`, pressed] : [pressed]
  prefix = null
  for (const keys of candidates) {
    const offered = [...active].filter((each) => each.keys === keys)
    const shortcut = offered.findLast((each) => each.first) ?? offered.at(-1)
    if (shortcut) {
      event.preventDefault()
      shortcut.run()
      return
    }
  }
  if (!mod && [...active].some((each) => each.keys.startsWith(`${pressed} `))) prefix = { key: pressed, at: Date.now() }
}

/** By character; where the layout has no Latin letters, by the place of the key. */
function describe(event: KeyboardEvent): string | null {
  let key = event.key
  if (key.length === 1 && !/[\x20-\x7e]/.test(key)) {
    const letter = /^Key([A-Z])$/.exec(event.code)
    if (letter?.[1]) key = letter[1].toLowerCase()
  }
  if (key === 'Shift' || key === 'Control' || key === 'Meta' || key === 'Alt') return null
  const isLetter = /^[a-zA-Z]$/.test(key)
  const parts: string[] = []
  if (event.metaKey || event.ctrlKey) parts.push('mod')
  if (event.shiftKey && isLetter) parts.push('shift')
  parts.push(key.length === 1 ? key.toLowerCase() : key)
  return parts.join('+')
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest('input, textarea, select, [contenteditable="true"], [role="dialog"], [role="menu"]') !== null
  )
}
