import { Link } from '@tanstack/react-router'
import s from './tickets.module.css'

/** Tickets and incidents are two lists of one place. */
export function Tabs({ title }: { title: 'Tickets' | 'Incidents' }) {
  return (
    <>
      <h1 className="visually-hidden">{title}</h1>
      <nav className={s.tabs} aria-label="Lists">
        <Link to="/tickets">Tickets</Link>
        <Link to="/incidents">Incidents</Link>
      </nav>
    </>
  )
}
