import { ActionIcon, Menu, Tooltip } from '@mantine/core'
import { memo, useEffect, useEffectEvent, useRef, useState, type KeyboardEvent } from 'react'
import { shortCount } from '../../lib/format'
import { useShortcut } from '../../lib/keys'
import { useCell } from '../../lib/store'
import type { Channel, View } from '../../lib/types'
import { CHANNEL_ORDER, ChannelIcon, channelLabel } from '../../ui/ChannelIcon'
import { IconCheck, IconFilter, IconSearch, IconX } from '../../ui/icons'
import { useCounts } from '../counts'
import { filter, setFilter } from './lists'
import s from './list.module.css'

const SEARCH_AFTER_MS = 180

const TABS: { view: View; label: string }[] = [
  { view: 'open', label: 'Open' },
  { view: 'mine', label: 'Mine' },
  { view: 'unassigned', label: 'Unassigned' },
  { view: 'snoozed', label: 'Snoozed' },
  { view: 'closed', label: 'Closed' },
]

export const ListHeader = memo(function ListHeader() {
  const { channel } = useCell(filter)
  return (
    <div className={s.head}>
      <h1 className="visually-hidden">Inbox</h1>
      <div className={s.searchLine}>
        <Search />
        <ChannelFilter value={channel} />
      </div>
      <Tabs />
    </div>
  )
})

function Search() {
  const applied = useCell(filter).q
  const [text, setText] = useState(applied)
  const [seen, setSeen] = useState(applied)
  const input = useRef<HTMLInputElement>(null)
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
  useShortcut('/', 'Search', 'Conversations', () => input.current?.focus())

  return (
    <div className={s.search}>
      <IconSearch size={15} aria-hidden />
      <input
        ref={input}
        type="search"
        aria-label="Search conversations"
        placeholder="Search name or message"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return
          setText('')
          event.currentTarget.blur()
        }}
      />
      {text && (
        <button type="button" aria-label="Clear search" onClick={() => setText('')}>
          <IconX size={14} />
        </button>
      )}
    </div>
  )
}

function ChannelFilter({ value }: { value: Channel | null }) {
  const label = value ? `Only ${channelLabel(value)}` : 'Filter by channel'
  return (
    <Menu position="bottom-end" width={190}>
      <Menu.Target>
        <Tooltip label={label}>
          <ActionIcon variant={value ? 'light' : 'subtle'} color={value ? 'indigo' : 'gray'} aria-label={label}>
            {value ? <ChannelIcon channel={value} size={17} /> : <IconFilter size={17} />}
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item rightSection={!value && <IconCheck size={14} />} onClick={() => setFilter({ channel: null })}>
          All channels
        </Menu.Item>
        {CHANNEL_ORDER.map((channel) => (
          <Menu.Item
            key={channel}
            leftSection={<ChannelIcon channel={channel} size={16} />}
            rightSection={value === channel && <IconCheck size={14} />}
            onClick={() => setFilter({ channel })}
          >
            {channelLabel(channel)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
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
      {TABS.map((tab) => (
        <button
          key={tab.view}
          type="button"
          role="tab"
          aria-selected={tab.view === view}
          tabIndex={tab.view === view ? 0 : -1}
          aria-label={tab.label}
          aria-description={counts ? String(counts[tab.view]) : undefined}
          data-count={counts ? shortCount(counts[tab.view]) : undefined}
          onClick={() => setFilter({ view: tab.view })}
        >
          {tab.label}
        </button>
      ))}
    </div>
  )
}
