import type { ReactNode } from 'react'
import { Logo } from '../ui/Logo'
import s from './auth.module.css'

export function AuthCard({ title, lead, children }: { title: string; lead?: string | undefined; children: ReactNode }) {
  return (
    <main className={s.page}>
      <div className={s.card}>
        <div className={s.brand}>
          <Logo size={32} />
          Parley
        </div>
        <h1>{title}</h1>
        {lead && <p className={s.lead}>{lead}</p>}
        {children}
      </div>
    </main>
  )
}
