import type { ReactNode } from 'react'
import type { IconInbox } from './icons'
import s from './ui.module.css'

interface EmptyStateProps {
  icon: typeof IconInbox
  title: string
  text?: ReactNode
  action?: ReactNode
}

export function EmptyState({ icon: Icon, title, text, action }: EmptyStateProps) {
  return (
    <div className={s.empty}>
      <span className={s.emptyIcon}>
        <Icon size={22} stroke={1.6} aria-hidden />
      </span>
      <h2>{title}</h2>
      {text && <p>{text}</p>}
      {action}
    </div>
  )
}
