import { ActionIcon } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { usePhone } from '../lib/media'
import { IconArrowLeft } from '../ui/icons'
import s from './help.module.css'

/** What is open, and on a phone the way back to the list, whose heading stands in its place otherwise. */
export function Head({ title, below, children }: { title: string; below: ReactNode; children: ReactNode }) {
  const navigate = useNavigate()
  const phone = usePhone()
  return (
    <header className={s.head}>
      {phone && (
        <ActionIcon aria-label="Back to the articles" onClick={() => void navigate({ to: '/articles', search: {} })}>
          <IconArrowLeft size={18} />
        </ActionIcon>
      )}
      <div className={s.headText}>
        {phone ? <h1>{title}</h1> : <h2>{title}</h2>}
        <p>{below}</p>
      </div>
      {children}
    </header>
  )
}
