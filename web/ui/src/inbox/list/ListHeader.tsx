import { memo, useEffect, useEffectEvent, useState, type KeyboardEvent } from 'react'
import { useCell } from '../../lib/store'
import type { BuiltInView } from '../../lib/types'
import { SEARCH_AFTER_MS, SearchBox } from '../../ui/SearchBox'
import { countText, unreadIn, useCounts } from '../counts'
import { Chips } from './Chips'
import { FilterMenu } from './FilterMenu'
import { everywhere, filter, setFilter } from './lists'
import { ViewMenu } from './ViewMenu'
import s from './list.module.css'

const TABS: { view: BuiltInView; label: string }[] = [
  { view: 'open', label: 'Open' },
  { view: 'mine', label: 'Mine' },
  { view: 'unassigned', label: 'Unassigned' },
  { view: 'snoozed', label: 'Snoozed' },
  { view: 'closed', label: 'Closed' },
]

export const ListHeader = memo(function ListHeader() {
  const searching = useCell(filter).q !== ''
  return (
    <div className={s.head}>
      <h1 className="visually-hidden">Inbox</h1>
      <div className={s.searchLine}>
        <ViewMenu />
        <Search />
        <FilterMenu />
      </div>
      {searching ? <Scopes /> : <Tabs />}
      <Chips />
    </div>
  )
})

function Search() {
  const applied = useCell(filter).q
  const [text, setText] = useState(applied)
  const [seen, setSeen] = useState(applied)
  // "Clear filters" elsewhere empties the box as well.
  if (seen !== applied) {
    setSeen(applied)
    setText(applied)
  }
  const apply = useEffectEvent(() => {
    if (text.trim() !== applied) setFilter({ q: text.trim() })
  })
  useEffect(() => {
    const timer = setTimeout(() => apply(), text ? SEARCH_AFTER_MS : 0)
    return () => clearTimeout(timer)
  }, [text])

  return (
    <SearchBox
      label="Search conversations"
      placeholder="Search name or message"
      value={text}
      onChange={setText}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && text.trim()) {
          everywhere.set(true)
          setFilter({ q: text.trim() })
        }
        if (event.key === 'ArrowDown') document.querySelector<HTMLElement>('[data-hit]')?.focus()
        if (event.key !== 'Escape') return
        everywhere.set(false)
        setText('')
        event.currentTarget.blur()
      }}
    />
  )
}

const SCOPES = [
  { all: false, label: 'In this view' },
  { all: true, label: 'Messages and everything' },
]

/** Where to search: the names in this list, or all that was ever written. */
function Scopes() {
  const all = useCell(everywhere)
  return (
    <div className={s.tabs} role="tablist" aria-label="Where to search" data-scopes>
      {SCOPES.map((scope) => (
        <button key={scope.label} type="button" role="tab" aria-selected={scope.all === all} onClick={() => everywhere.set(scope.all)}>
          {scope.label}
        </button>
      ))}
    </div>
  )
}

function described(all: string, unread: number): string {
  return unread > 0 ? `${all}, ${unread} unread` : all
}

/** The room is for what is there. */
function shown(count: string | undefined): string | undefined {
  return count === '0' ? undefined : count
}

function Tabs() {
  const { view } = useCell(filter)
  const counts = useCounts()

  function move(event: KeyboardEvent<HTMLDivElement>) {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (!step) return
    event.preventDefault()
    const at = TABS.findIndex((tab) => tab.view === view)
    const next = TABS[(at + step + TABS.length) % TABS.length]
    if (!next) return
    setFilter({ view: next.view })
    event.currentTarget.querySelectorAll<HTMLElement>('[role=tab]')[TABS.indexOf(next)]?.focus()
  }

  return (
    <div className={s.tabs} role="tablist" aria-label="Views" onKeyDown={move}>
      {TABS.map((tab, at) => (
        <button
          key={tab.view}
          type="button"
          role="tab"
          aria-selected={tab.view === view}
          tabIndex={tab.view === view || (at === 0 && !TABS.some((each) => each.view === view)) ? 0 : -1}
          aria-label={tab.label}
          aria-description={counts ? described(countText(counts, tab.view) ?? '', unreadIn(counts, tab.view)) : undefined}
          data-unread={unreadIn(counts, tab.view) > 0 || undefined}
          data-count={shown(countText(counts, tab.view))}
          onClick={(event) => {
            event.currentTarget.scrollIntoView({ block: 'nearest', inline: 'nearest' })
            setFilter({ view: tab.view })
          }}
        >
          {tab.label}
        </button>
      ))}
    </div>
  )
}
