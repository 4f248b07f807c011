import type { ReactNode } from 'react'
import s from './ui.module.css'

export type Tone = 'neutral' | 'accent' | 'ok' | 'warn' | 'danger'

export function Badge({ tone = 'neutral', title, children }: { tone?: Tone; title?: string; children: ReactNode }) {
  return (
    <span className={s.badge} data-tone={tone} title={title}>
      {children}
    </span>
  )
}
