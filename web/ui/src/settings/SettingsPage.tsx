import { getRouteApi, Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { PageHeader } from '../ui/PageHeader'
import { SECTIONS } from './sections'
import s from './settings.module.css'

/** The frame of the settings: sections at the left, the chosen one beside them. */
export default function SettingsPage() {
  const path = getRouteApi('/app/settings/$').useParams({ shouldThrow: false })?._splat ?? ''
  const section = SECTIONS.find((each) => path === each.path || path.startsWith(`${each.path}/`))

  useEffect(() => {
    document.title = `${section ? `${section.label} · ` : ''}Settings · Parley`
  }, [section])

  return (
    <main className={s.page}>
      <nav className={s.sections} aria-label="Settings">
        <h1>Settings</h1>
        {SECTIONS.map((each) => (
          <Link key={each.path} to="/settings/$" params={{ _splat: each.path }} className={s.section}>
            {each.label}
          </Link>
        ))}
      </nav>
      <div className={s.body}>
        {section ? <section.Page /> : <PageHeader title="Settings" text="Choose a section." />}
      </div>
    </main>
  )
}
