import { ActionIcon, Menu, Tooltip } from '@mantine/core'
import { Suspense, lazy, useState } from 'react'
import { useCell } from '../../lib/store'
import type { BuiltInView, SavedView, View } from '../../lib/types'
import { IconListDetails, IconPencil, IconPlus } from '../../ui/icons'
import { countText, unreadIn, useCounts } from '../counts'
import { useViews } from './choices'
import { asRule, filter, setFilter } from './lists'
import { isNarrowed } from './listStore'
import s from './list.module.css'

const ViewDialog = lazy(() => import('../../views/ViewDialog'))

export const BUILT_IN: Record<BuiltInView, string> = {
  open: 'Open',
  mine: 'Mine',
  unassigned: 'Unassigned',
  mentions: 'Mentions',
  unread: 'Unread',
  waiting: 'Waiting longest',
  closing: 'Window closing',
  breached: 'Promise missed',
  snoozed: 'Snoozed',
  closed: 'Closed',
}

export function useViewName(view: View): string {
  const saved = useViews().find((each) => each.id === view)
  return saved?.name ?? BUILT_IN[view as BuiltInView] ?? 'View'
}

/** Every view there is, with its count; and where views are made and changed. */
export function ViewMenu() {
  const wanted = useCell(filter)
  const counts = useCounts()
  const views = useViews()
  const [dialog, setDialog] = useState<SavedView | 'new' | null>(null)
  const own = views.filter((view) => !view.shared)
  const shared = views.filter((view) => view.shared)
  const current = views.find((view) => view.id === wanted.view)

  function item(view: View, label: string, colour?: string) {
    const unread = unreadIn(counts, view)
    return (
      <Menu.Item
        key={view}
        aria-current={wanted.view === view || undefined}
        className={s.viewItem}
        leftSection={<i className={s.dot} data-colour={colour ?? 'none'} aria-hidden />}
        rightSection={
          <span className={s.viewCount} data-unread={unread > 0 || undefined} title={unread > 0 ? `${unread} unread` : undefined}>
            {countText(counts, view)}
            {unread > 0 && <span className="visually-hidden">, {unread} unread</span>}
          </span>
        }
        onClick={() => setFilter({ view })}
      >
        {label}
      </Menu.Item>
    )
  }

  return (
    <>
      <Menu position="bottom-start" width={250}>
        <Menu.Target>
          <Tooltip label="Views">
            <ActionIcon variant={current ? 'light' : 'subtle'} color={current ? 'indigo' : 'gray'} size={34} aria-label="Views">
              <IconListDetails size={18} />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown className={s.viewMenu}>
          {Object.entries(BUILT_IN).map(([view, label]) => item(view as BuiltInView, label))}
          {shared.length > 0 && <Menu.Label>Shared views</Menu.Label>}
          {shared.map((view) => item(view.id, view.name, view.colour))}
          {own.length > 0 && <Menu.Label>My views</Menu.Label>}
          {own.map((view) => item(view.id, view.name, view.colour))}
          <Menu.Divider />
          <Menu.Item leftSection={<IconPlus size={15} />} onClick={() => setDialog('new')}>
            {isNarrowed(wanted) ? 'Save these filters as a view' : 'New view'}
          </Menu.Item>
          {current?.may_change && (
            <Menu.Item leftSection={<IconPencil size={15} />} onClick={() => setDialog(current)}>
              Change “{current.name}”
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <Suspense fallback={null}>
        {dialog && (
          <ViewDialog
            view={dialog === 'new' ? null : dialog}
            rule={asRule(wanted, current)}
            onSaved={(view) => setFilter({ view })}
            onClose={() => setDialog(null)}
          />
        )}
      </Suspense>
    </>
  )
}
