import { useEffect, useRef, type ReactNode } from 'react'
import p from '../settings/parts/parts.module.css'
import { IconArrowLeft } from '../ui/icons'
import { CampaignLink } from './CampaignLink'

interface HeadProps {
  title: ReactNode
  text?: ReactNode
  actions?: ReactNode
  /** pages that follow another one take the focus, so that it is not lost */
  back?: { to: string; label: string }
}

export function Head({ title, text, actions, back }: HeadProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  const follows = back !== undefined
  useEffect(() => {
    if (follows) heading.current?.focus({ preventScroll: true })
  }, [follows])
  return (
    <header className={p.heading}>
      {back && (
        <CampaignLink to={back.to} className={p.back}>
          <IconArrowLeft size={15} aria-hidden />
          {back.label}
        </CampaignLink>
      )}
      <div className={p.headingRow}>
        <div className={p.headingText}>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {text && <p>{text}</p>}
        </div>
        {actions && <div className={p.headingActions}>{actions}</div>}
      </div>
    </header>
  )
}
