import '@mantine/spotlight/styles.css'
import { Spotlight, createSpotlight } from '@mantine/spotlight'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useDeferredValue, useEffect, useMemo, useState, type KeyboardEvent, type ReactNode } from 'react'
import { open as select } from '../inbox/selection'
import { api, query as asQuery } from '../lib/api'
import { listShortcuts } from '../lib/keys'
import { useMe } from '../lib/session'
import type { Conversation, Page } from '../lib/types'
import { SECTIONS } from '../settings/sections'
import { Avatar } from '../ui/Avatar'
import { Keys } from '../ui/Kbd'
import { IconSearch } from '../ui/icons'
import { ranked } from './rank'
import s from './shell.module.css'

const MOST_COMMANDS = 9
const MOST_PEOPLE = 6
const SEARCH_FROM_CHARS = 2

interface Command {
  id: string
  label: string
  keys?: string
  run: () => void
}

/** Everything that can be done here and now, and everybody who can be opened, by typing a few letters. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate()
  const [store, spotlight] = useMemo(() => createSpotlight(), [])
  const [text, setText] = useState('')
  const searched = useDeferredValue(text.trim())
  const permissions = useMe().permissions

  // What is offered is what could be done when it opened: opening takes the focus from what it is about.
  const [commands] = useState<Command[]>(() => [
    ...listShortcuts().map(({ keys, label, run }) => ({ id: keys, label, keys, run })),
    ...SECTIONS.filter((section) => !section.needs || permissions.includes(section.needs)).map((section) => ({
      id: section.path,
      label: `Settings: ${section.label}`,
      run: () => void navigate({ to: '/settings/$', params: { _splat: section.path } }),
    })),
  ])
  const people = useQuery({
    queryKey: ['palette', searched],
    queryFn: () => api.get<Page<Conversation>>(`/conversations${asQuery({ q: searched, view: 'all', limit: MOST_PEOPLE })}`),
    enabled: searched.length >= SEARCH_FROM_CHARS && permissions.includes('inbox.read'),
    placeholderData: (previous) => previous,
  })

  useEffect(() => spotlight.open(), [spotlight])

  const found = ranked(searched, unique(commands), (command) => command.label).slice(0, MOST_COMMANDS)
  const known = searched.length >= SEARCH_FROM_CHARS ? (people.data?.items ?? []).slice(0, MOST_PEOPLE) : []
  function open(conversationId: string) {
    if (location.pathname.startsWith('/inbox')) select(conversationId)
    else void navigate({ to: '/inbox/$conversationId', params: { conversationId } })
  }

  // The library selects by an attribute, which is lost when what was found changes: then Enter means the first.
  const first = known[0]?.id ?? found[0]?.id
  function takeFirst(event: KeyboardEvent<HTMLElement>) {
    if (event.key !== 'Enter' || event.nativeEvent.isComposing || text.trim() !== searched) return
    if (event.currentTarget.closest('[role="dialog"]')?.querySelector('[data-selected]')) return
    event.preventDefault()
    spotlight.close()
    if (known[0]) open(known[0].id)
    else found[0]?.run()
  }

  return (
    <Spotlight.Root
      store={store}
      query={text}
      onQueryChange={setText}
      onSpotlightClose={onClose}
      shortcut={null}
      lockScroll={false}
      overlayProps={{ blur: 0 }}
      transitionProps={{ duration: 0 }}
      title="Command palette"
      classNames={{ header: 'visually-hidden' }}
    >
      <Spotlight.Search
        placeholder="Do something, or find somebody…"
        aria-label="Command or name"
        onKeyDownCapture={takeFirst}
        leftSection={<IconSearch size={18} aria-hidden />}
      />
      <Spotlight.ActionsList className={s.actions}>
        {known.length > 0 && (
          <Spotlight.ActionsGroup label="People">
            {known.map((conversation) => (
              <Spotlight.Action
                key={conversation.id}
                label={conversation.contact.name}
                description={conversation.last_entry?.text}
                leftSection={<Avatar name={conversation.contact.name} hue={conversation.contact.avatar_hue} size={26} />}
                className={s.action}
                mod={{ first: conversation.id === first }}
                onClick={() => open(conversation.id)}
              />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {found.length > 0 && (
          <Spotlight.ActionsGroup label="Commands">
            {found.map((command) => (
              <Spotlight.Action
                key={command.id}
                label={command.label}
                rightSection={hint(command.keys)}
                className={s.action}
                mod={{ first: command.id === first }}
                onClick={command.run}
              />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {known.length + found.length === 0 && <Spotlight.Empty>Nothing is called that.</Spotlight.Empty>}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  )
}

function hint(keys: string | undefined): ReactNode {
  return keys ? <Keys keys={keys} /> : undefined
}

/** Two keys may do the same. */
function unique(commands: Command[]): Command[] {
  return [...new Map(commands.map((command) => [command.label, command])).values()]
}
