import { useEffect, useRef, type ComponentType, type ReactNode } from 'react'
import { IconArrowLeft } from '../../ui/icons'
import { SettingsLink } from './SettingsLink'
import s from './parts.module.css'

interface HeadingProps {
  title: ReactNode
  text?: ReactNode
  icon?: ReactNode
  actions?: ReactNode
  back?: { to: string; label: string }
  /** leads there; within the settings if nothing is said */
  BackLink?: ComponentType<{ to: string; className?: string; children: ReactNode }>
}

/** The head of a page. Pages that follow another one inside a section (`back`) take the focus, so that it is not lost. */
export function Heading({ title, text, icon, actions, back, BackLink = SettingsLink }: HeadingProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  const follows = back !== undefined
  useEffect(() => {
    if (follows) heading.current?.focus({ preventScroll: true })
  }, [follows])
  return (
    <header className={s.heading}>
      {back && (
        <BackLink to={back.to} className={s.back}>
          <IconArrowLeft size={15} aria-hidden />
          {back.label}
        </BackLink>
      )}
      <div className={s.headingRow}>
        {icon}
        <div className={s.headingText}>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {text && <p>{text}</p>}
        </div>
        {actions && <div className={s.headingActions}>{actions}</div>}
      </div>
    </header>
  )
}
