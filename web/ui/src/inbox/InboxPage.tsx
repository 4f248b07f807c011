import { useRouterState } from '@tanstack/react-router'
import { Activity, Suspense, lazy, useCallback, useEffect, useState } from 'react'
import { useBehind } from '../lib/behind'
import { useShortcut } from '../lib/keys'
import { useNarrow, usePhone } from '../lib/media'
import { useCell } from '../lib/store'
import { setTitle } from '../lib/title'
import { undoLast } from '../lib/undo'
import { EmptyState } from '../ui/EmptyState'
import { IconMessages } from '../ui/icons'
import { Kbd } from '../ui/Kbd'
import { useBasics, useRehearsed } from './ahead'
import { takeBackNewest } from './composer/undo'
import { useConversation } from './conversations'
import { ConversationList } from './list/ConversationList'
import { ListHeader } from './list/ListHeader'
import { active, followAddress, idInAddress, open } from './selection'
import list from './list/list.module.css'
import s from './inbox.module.css'

// The list is painted first. What an open conversation needs comes right behind it, before anybody has chosen one.
const thread = () => import('./thread/ThreadPane')
const panel = () => import('./panel/ContactPanel')
const ThreadPane = lazy(() => thread().then((module) => ({ default: module.ThreadPane })))
const ContactPanel = lazy(() => panel().then((module) => ({ default: module.ContactPanel })))
const NewTicketDialog = lazy(() => import('./panel/TicketsSection').then((module) => ({ default: module.NewTicketDialog })))
const PanelDrawer = lazy(() => import('./panel/PanelDrawer'))

const PANEL_KEY = 'parley.panel'

export function InboxPage() {
  const activeId = useCell(active)
  // The highlight moves at once; the thread follows when there is time, so that J never waits for it.
  const shownId = useBehind(activeId)
  // And what is known of the person comes after what they wrote.
  const panelId = useBehind(shownId)
  const phone = usePhone()
  const narrow = useNarrow()
  const [listShown, setListShown] = useState(true)
  const [wide, setWide] = useState(() => localStorage.getItem(PANEL_KEY) !== 'hidden')
  const [drawer, setDrawer] = useState(false)
  const path = useRouterState({ select: (state) => state.location.pathname })

  useEffect(() => followAddress(idInAddress()), [path])
  useEffect(() => () => followAddress(null), [])
  useTitle(shownId)
  useBasics()
  const rehearsed = useRehearsed(shownId)
  const drawnId = shownId ?? rehearsed
  const mode = shownId ? 'visible' : 'hidden'
  useEffect(() => {
    void thread()
    void panel()
  }, [])

  const togglePanel = useCallback(() => {
    if (narrow) {
      setDrawer((shown) => !shown)
      return
    }
    setWide((shown) => {
      localStorage.setItem(PANEL_KEY, shown ? 'hidden' : 'shown')
      return !shown
    })
  }, [narrow])

  const focusThread = useCallback(() => document.querySelector<HTMLElement>('[role=log]')?.focus(), [])
  useShortcut('Escape', 'Back to the list', 'Conversations', () => {
    if (phone) open(null)
    else document.getElementById('conversations')?.focus()
  })
  useShortcut('z', 'Undo', 'Conversations', () => {
    // A message on its way in the open conversation is the last thing one did there.
    if (!activeId || !takeBackNewest(activeId)) undoLast()
  })
  useShortcut('[', 'Show or hide the list', 'Window', () => setListShown((shown) => !shown), !phone)
  useShortcut(']', 'Show or hide the contact', 'Window', togglePanel)

  const panelOpen = narrow ? drawer : wide
  const showsList = phone ? !activeId : listShown
  return (
    <main className={s.inbox} data-pane={phone && activeId ? 'thread' : 'list'} data-list={showsList || undefined} data-panel={(panelOpen && !narrow && shownId) || undefined}>
      {/* Kept while a phone shows the thread, so that its place in the list is there on the way back. */}
      <div className={list.pane} hidden={!showsList}>
        <ListHeader />
        <ConversationList onFocusThread={focusThread} />
      </div>
      {drawnId && (
        <Activity mode={mode}>
          <Suspense fallback={<div className={s.nothing} />}>
            <ThreadPane conversationId={drawnId} panelOpen={panelOpen} onTogglePanel={togglePanel} />
          </Suspense>
        </Activity>
      )}
      {!shownId && !phone && (
        <div className={s.nothing}>
          <EmptyState
            icon={IconMessages}
            title="No conversation is open"
            text={
              <>
                Choose one from the list or press <Kbd>J</Kbd>
                <br />
                All shortcuts: <Kbd>?</Kbd>
              </>
            }
          />
        </div>
      )}
      {drawnId && !narrow && wide && (
        <Activity mode={shownId && panelId ? 'visible' : 'hidden'}>
          <Suspense fallback={null}>
            <ContactPanel conversationId={panelId ?? drawnId} />
          </Suspense>
        </Activity>
      )}
      <Suspense fallback={null}>
        {shownId && <NewTicketDialog conversationId={shownId} />}
        {shownId && narrow && drawer && <PanelDrawer conversationId={shownId} onClose={() => setDrawer(false)} />}
      </Suspense>
    </main>
  )
}

function useTitle(id: string | null): void {
  const name = useConversation(id)?.contact.name
  useEffect(() => setTitle(`${name ?? 'Inbox'} · Parley`), [name])
}
