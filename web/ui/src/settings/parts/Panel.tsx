import { useId, type ReactNode } from 'react'
import s from './parts.module.css'

interface PanelProps {
  title: string
  text?: ReactNode
  actions?: ReactNode
  /** children reach the borders, as tables and lists do */
  flush?: boolean
  danger?: boolean
  children?: ReactNode
}

export function Panel({ title, text, actions, flush, danger, children }: PanelProps) {
  const id = useId()
  return (
    <section className={s.panel} aria-labelledby={id} data-danger={danger || undefined}>
      <header>
        <div>
          <h2 id={id}>{title}</h2>
          {text && <p>{text}</p>}
        </div>
        {actions && <div className={s.panelActions}>{actions}</div>}
      </header>
      {children && <div className={flush ? s.panelFlush : s.panelBody}>{children}</div>}
    </section>
  )
}
