import { Button } from '@mantine/core'
import { Suspense, lazy, memo, useEffect, useMemo, useRef } from 'react'
import { plural } from '../../lib/format'
import { useShortcut } from '../../lib/keys'
import { useCan, useMe } from '../../lib/session'
import { useCell } from '../../lib/store'
import type { BuiltInView, Member } from '../../lib/types'
import { EmptyState } from '../../ui/EmptyState'
import { ErrorState, NoPermission } from '../../ui/ErrorState'
import { IconCircleCheck, IconInbox, IconSearch } from '../../ui/icons'
import { Kbd } from '../../ui/Kbd'
import { useReadAhead } from '../ahead'
import { getConversation, useConversation } from '../conversations'
import { useCounts } from '../counts'
import { useContactTyping, useMembers } from '../presence'
import { active, open } from '../selection'
import { loadThread } from '../thread/threads'
import { useNow } from '../useNow'
import { ConversationRow } from './ConversationRow'
import { useTeams } from './choices'
import { isNarrowed } from './listStore'
import { clearFilters, everywhere, filter, useList } from './lists'
import { running } from './bulk'
import { clearSelected, select, selectLoaded, selected, toggleActive, toggleSelected } from './selected'
import { useSteady } from './steady'
import { useFixedWindow, useSteadyScroll } from './useFixedWindow'
import s from './list.module.css'

const BulkBar = lazy(() => import('./BulkBar'))
const Results = lazy(() => import('../../search/Results'))

const ROW_HEIGHT = { comfortable: 68, compact: 50 }
/** Rows drawn as placeholders while the next page is on its way. */
const TAIL_ROWS = 6
/** The next page is asked for when so few rows are left below. */
const LOAD_AHEAD = 40

export function ConversationList({ onFocusThread }: { onFocusThread: () => void }) {
  const allowed = useCan('inbox.read')
  const { q } = useCell(filter)
  const all = useCell(everywhere)
  if (!allowed) return <NoPermission />
  if (!q || !all) return <List onFocusThread={onFocusThread} />
  return (
    <Suspense fallback={null}>
      <Results key={q} q={q} />
    </Suspense>
  )
}

function List({ onFocusThread }: { onFocusThread: () => void }) {
  const list = useList()
  const activeId = useCell(active)
  const scroller = useRef<HTMLDivElement>(null)
  const { ids } = list
  const density = useMe().member.preferences?.density ?? 'comfortable'
  const rowHeight = ROW_HEIGHT[density]
  const count = ids.length + (list.hasMore ? TAIL_ROWS : 0)
  const { first, last, scrollTo } = useFixedWindow(scroller, count, rowHeight)
  const above = useSteadyScroll(scroller, ids, list.version, rowHeight)
  const moves = useSteady(list)
  const total = useTotal()
  const chosen = useCell(selected)
  const going = useCell(running)
  const mayReply = useCan('inbox.reply')
  const members = useMembers()
  const byId = useMemo(() => new Map(members.map((member) => [member.id, member])), [members])
  const teams = useTeams()
  const teamOf = useMemo(() => new Map(teams.length > 1 ? teams.map((team) => [team.id, team.name]) : []), [teams])
  const narrowedToTeam = list.filter.teams.length === 1

  useEffect(() => {
    if (last >= ids.length - LOAD_AHEAD) void list.more()
  }, [list, list.version, ids.length, last])

  useEffect(() => {
    if (scroller.current) scroller.current.scrollTop = 0
    clearSelected()
  }, [list])

  function step(by: number) {
    const from = active.get()
    const at = from ? ids.indexOf(from) : -1
    const to = at < 0 ? 0 : Math.max(0, Math.min(ids.length - 1, at + by))
    const id = ids[to]
    if (!id) return
    moves()
    open(id)
    scrollTo(to)
  }

  useShortcut('j', 'Next conversation', 'Conversations', () => step(1))
  useShortcut('k', 'Previous conversation', 'Conversations', () => step(-1))
  useShortcut('ArrowDown', 'Next conversation', 'Conversations', () => step(1))
  useShortcut('ArrowUp', 'Previous conversation', 'Conversations', () => step(-1))
  function extend(by: number) {
    const from = active.get()
    step(by)
    select([from, active.get()].filter((id) => id !== null))
  }

  useShortcut('x', 'Choose this one', 'Conversations', toggleActive, mayReply)
  useShortcut('shift+j', 'Choose down', 'Conversations', () => extend(1), mayReply)
  useShortcut('shift+k', 'Choose up', 'Conversations', () => extend(-1), mayReply)
  useShortcut('mod+a', 'Choose all', 'Conversations', selectLoaded, mayReply)
  useShortcut('Enter', 'Go to the messages', 'Conversations', onFocusThread)
  useReadAhead(ids, activeId)

  if (list.status === 'loading') return <LoadingRows />
  if (list.status === 'error') return <ErrorState error={list.error} onRetry={() => void list.retry()} />
  if (ids.length === 0) return <NothingHere />

  const visible = ids.slice(first, Math.min(ids.length, last + 1))
  return (
    <div className={s.frame}>
      <div
        ref={scroller}
        id="conversations"
        className={s.list}
        role="listbox"
        aria-label="Conversations"
        tabIndex={0}
        data-density={density}
        onPointerMove={moves}
        onWheel={moves}
        onTouchMove={moves}
        aria-activedescendant={activeId && ids.includes(activeId) ? `row-${activeId}` : undefined}
      >
        <div role="presentation" style={{ height: count * rowHeight, position: 'relative' }}>
          {visible.map((id, offset) => (
            <Slot
              key={id}
              id={id}
              index={first + offset}
              top={(first + offset) * rowHeight}
              gone={list.isGone(id)}
              team={narrowedToTeam ? undefined : teamOf.get(getConversation(id)?.team_id ?? '')}
              total={list.hasMore ? (total === null ? -1 : Math.max(total, ids.length)) : ids.length}
              active={id === activeId}
              members={byId}
              chosen={chosen.ids.has(id)}
              choosing={chosen.ids.size > 0}
            />
          ))}
          {last >= ids.length &&
            Array.from({ length: count - ids.length }, (_, index) => (
              <div key={index} className={s.slot} style={{ transform: `translateY(${(ids.length + index) * rowHeight}px)` }} aria-hidden>
                <SkeletonRow />
              </div>
            ))}
        </div>
      </div>
      {list.news > 0 ? (
        <button type="button" className={s.newChip} data-quiet onClick={() => list.settle()}>
          {list.news} new
        </button>
      ) : (
        above > 0 && (
          <button type="button" className={s.newChip} onClick={() => scroller.current?.scrollTo({ top: 0 })}>
            {plural(above, 'new conversation')} above
          </button>
        )
      )}
      {(chosen.ids.size > 0 || going) && (
        <Suspense fallback={null}>
          <BulkBar total={total} loaded={ids.length} />
        </Suspense>
      )}
    </div>
  )
}

interface SlotProps {
  id: string
  index: number
  top: number
  /** it no longer belongs here, and goes when the list settles */
  gone: boolean
  team: string | undefined
  total: number
  active: boolean
  members: Map<string, Member>
  chosen: boolean
  /** some row is chosen: a press chooses, too */
  choosing: boolean
}

const Slot = memo(function Slot({ id, index, top, gone, team, total, active: isActive, members, chosen, choosing }: SlotProps) {
  const conversation = useConversation(id)
  const typing = useContactTyping(id)
  const now = useNow()
  const me = useMe().member
  if (!conversation) return null
  const { assignee_id: assignee } = conversation
  return (
    <div
      id={`row-${id}`}
      className={s.slot}
      style={{ transform: `translateY(${top}px)` }}
      role="option"
      aria-selected={isActive}
      aria-posinset={index + 1}
      aria-setsize={total}
      // On press, not on release: the answer comes a tenth of a second earlier. A tap must still be able to scroll.
      onPointerDown={(event) => event.pointerType === 'mouse' && event.button === 0 && !isChoice(event) && open(id)}
      onClick={(event) => (isChoice(event) ? toggleSelected(id) : open(id))}
      data-chosen={chosen || undefined}
      data-gone={gone || undefined}
      data-choosing={choosing || undefined}
      aria-description={chosen ? 'chosen' : undefined}
      onPointerEnter={(event) => event.pointerType === 'mouse' && void loadThread(id)}
    >
      <ConversationRow
        conversation={conversation}
        team={team}
        assignee={assignee && assignee !== me.id ? members.get(assignee) : undefined}
        active={isActive}
        typing={typing}
        myName={me.name}
        now={now}
      />
    </div>
  )
})

/** A press on the picture, or with the key for it, chooses the row instead of opening it. */
function isChoice(event: { metaKey: boolean; ctrlKey: boolean; target: EventTarget }): boolean {
  return event.metaKey || event.ctrlKey || (event.target instanceof Element && event.target.closest('[data-choose]') !== null)
}

/** How many rows the whole view has, when a filter does not hide some and all were counted. */
function useTotal(): number | null {
  const wanted = useCell(filter)
  const counts = useCounts()
  if (!counts || isNarrowed(wanted) || counts.at_least.includes(wanted.view)) return null
  return counts[wanted.view as BuiltInView] ?? counts.views[wanted.view] ?? null
}

function NothingHere() {
  const wanted = useCell(filter)
  const { view, q } = wanted
  if (isNarrowed(wanted)) {
    return (
      <EmptyState
        icon={IconSearch}
        title="Nothing matches"
        text={q ? `No conversation in this view matches “${q}”.` : 'No conversation in this view fits the filters.'}
        action={
          <>
            {q && (
              <Button onClick={() => everywhere.set(true)} rightSection={<Kbd>Enter</Kbd>}>
                Search messages
              </Button>
            )}
            <Button variant="default" onClick={clearFilters}>
              Clear filters
            </Button>
          </>
        }
      />
    )
  }
  if (view === 'open') {
    return <EmptyState icon={IconInbox} title="The inbox is empty" text="New conversations appear here the moment a customer writes." />
  }
  const texts: Record<string, [title: string, text: string]> = {
    mine: ['Nothing is assigned to you', 'Press I on a conversation to take it.'],
    unassigned: ['Everything is taken', 'Each open conversation has somebody who looks after it.'],
    mentions: ['Nobody is asking for you', 'When a colleague mentions you in a note, the conversation is here until you read it.'],
    unread: ['Everything is read', 'What customers write next appears here.'],
    waiting: ['Nobody is waiting', 'Every message has been answered by a person.'],
    closing: ['No reply window is about to close', 'Those that close within four hours are listed here, the next one first.'],
    breached: ['Every promise is kept', 'Conversations whose answer or solution is late are listed here.'],
    snoozed: ['Nothing is snoozed', 'Put a conversation away with S; it comes back at its time, or when the customer writes.'],
    closed: ['Nothing is closed yet', 'Conversations you finish with E are kept here.'],
  }
  const [title, text] = texts[view] ?? ['Nothing is in this view', 'Conversations appear here as soon as they fit its rule.']
  return <EmptyState icon={IconCircleCheck} title={title} text={text} />
}

function LoadingRows() {
  return (
    <div className={s.loading} role="status" aria-label="Loading conversations">
      {Array.from({ length: 9 }, (_, index) => (
        <SkeletonRow key={index} />
      ))}
    </div>
  )
}

function SkeletonRow() {
  return (
    <div className={s.skeletonRow}>
      <i />
      <span>
        <i />
        <i />
      </span>
    </div>
  )
}
