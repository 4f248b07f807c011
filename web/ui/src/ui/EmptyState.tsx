import type { ReactNode } from 'react'
import type { IconInbox } from './icons'
import s from './ui.module.css'

interface EmptyStateProps {
  icon: typeof IconInbox
  title: string
  text?: ReactNode
  action?: ReactNode
  /** it is all that the page has */
  alone?: boolean
}

export function EmptyState({ icon: Icon, title, text, action, alone }: EmptyStateProps) {
  const Heading = alone ? 'h1' : 'h2'
  return (
    <div className={s.empty}>
      <span className={s.emptyIcon}>
        <Icon size={22} stroke={1.6} aria-hidden />
      </span>
      <Heading>{title}</Heading>
      {text && <p>{text}</p>}
      {action}
    </div>
  )
}
