import { getRouteApi } from '@tanstack/react-router'
import { Suspense, useEffect, useRef } from 'react'
import { usePhone } from '../lib/media'
import { useMe } from '../lib/session'
import { setTitle } from '../lib/title'
import { EmptyState } from '../ui/EmptyState'
import { IconArrowLeft, IconSearch } from '../ui/icons'
import { Heading } from './parts/Heading'
import { PageSkeleton } from './parts/PageSkeleton'
import { ForbiddenPage } from './parts/States'
import { SettingsLink } from './parts/SettingsLink'
import { GROUPS, SECTIONS } from './sections'
import s from './settings.module.css'

/** The frame of the settings: sections at the left, the chosen one beside them; on a phone one after the other. */
export default function SettingsPage() {
  const path = getRouteApi('/app/settings/$').useParams({ shouldThrow: false })?._splat?.replace(/\/$/, '') ?? ''
  const { permissions } = useMe()
  const phone = usePhone()
  const body = useRef<HTMLDivElement>(null)
  const visible = SECTIONS.filter((each) => !each.needs || permissions.includes(each.needs))
  const named = SECTIONS.find((each) => path === each.path || path.startsWith(`${each.path}/`))
  const section = named ?? (path === '' && !phone ? visible[0] : undefined)
  const allowed = section && visible.includes(section)

  useEffect(() => {
    setTitle(`${section ? `${section.label} · ` : ''}Settings · Parley`)
  }, [section])
  useEffect(() => {
    if (body.current) body.current.scrollTop = 0
  }, [path])

  return (
    <main className={s.page} data-at={path === '' ? 'index' : 'section'}>
      <nav className={s.sections} aria-label="Settings">
        {section ? <p className={s.title}>Settings</p> : <h1 className={s.title}>Settings</h1>}
        {GROUPS.filter((group) => visible.some((each) => each.group === group)).map((group) => (
          <div key={group} className={s.group}>
            <p>{group}</p>
            {visible
              .filter((each) => each.group === group)
              .map(({ path: to, label, icon: Icon }) => (
                <SettingsLink key={to} to={to} className={s.section} {...(section?.path === to && { 'data-chosen': true })}>
                  <Icon size={17} stroke={1.7} aria-hidden />
                  {label}
                </SettingsLink>
              ))}
          </div>
        ))}
      </nav>
      <div className={s.body} ref={body}>
        <div className={s.column}>
          {path !== '' && (
            <SettingsLink to="" className={s.backToSections}>
              <IconArrowLeft size={16} aria-hidden />
              Settings
            </SettingsLink>
          )}
          <Suspense fallback={<PageSkeleton title={section?.label ?? 'Settings'} />}>
            {section && (allowed ? <section.Page key={section.path} /> : <ForbiddenPage title={section.label} />)}
            {!section && path !== '' && (
              <>
                <Heading title="Settings" />
                <EmptyState icon={IconSearch} title="There is no such setting" text="Choose a section of the list." />
              </>
            )}
          </Suspense>
        </div>
      </div>
    </main>
  )
}
