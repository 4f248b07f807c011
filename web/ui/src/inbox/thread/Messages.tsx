import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { useCell } from '../../lib/store'
import { plural } from '../../lib/format'
import { toast, toastError } from '../../lib/toast'
import { ErrorState } from '../../ui/ErrorState'
import { IconArrowDown } from '../../ui/icons'
import { EventAction } from '../closing/Closing'
import { useUnsent } from '../outbox'
import { useTyping } from '../presence'
import { wantedEntry } from '../selection'
import { Bubble } from './Bubble'
import { eventText } from './eventText'
import { layoutThread } from './layout'
import { openMenu } from './menuState'
import { leavePast, loadNewer, loadOlder, loadPlace, loadThread, useThread, type Place } from './threads'
import s from './thread.module.css'

const NEAR_BOTTOM = 80
const LOAD_OLDER_AT = 400
const FLASH_MS = 1600
const HELD_FRAMES = 12
const NONE: never[] = []

export const Messages = memo(function Messages({ conversationId, contactName }: { conversationId: string; contactName: string }) {
  const thread = useThread(conversationId)
  const shown = thread.past ?? thread
  const gap = thread.past !== null
  const unsent = useUnsent(conversationId)
  const menuFor = useCell(openMenu)
  const scroller = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const items = useMemo(
    () => layoutThread(shown.entries, gap ? NONE : unsent, thread.unreadMark),
    [shown.entries, gap, unsent, thread.unreadMark],
  )
  const { away, newBelow, toBottom } = useStickToBottom(
    scroller,
    content,
    conversationId,
    items.length,
    thread.entries.at(-1)?.number,
    gap,
  )
  useKeepPlace(scroller, gap ? `${conversationId} past` : conversationId, shown.entries[0]?.id)

  const toLatest = useCallback(() => {
    leavePast(conversationId)
    toBottom()
  }, [conversationId, toBottom])

  // What was just sent is shown, however far up one was reading.
  useLayoutEffect(() => {
    if (unsent.length > 0) toLatest()
  }, [unsent.length, toLatest])

  const goTo = useCallback(
    async (place: Place) => {
      const entryId = await loadPlace(conversationId, place).catch((error: unknown) => {
        toastError('This place could not be read', error)
        return undefined
      })
      if (entryId === undefined) return
      if (entryId === null) {
        toast('This message is not in this conversation.')
        return
      }
      // A thread that was just opened keeps its end in view until it has its size: hold on to the place meanwhile.
      let frames = 0
      const show = () => {
        const element = document.getElementById(`entry-${entryId}`)
        element?.scrollIntoView({ block: 'center' })
        frames += 1
        if (frames < HELD_FRAMES) requestAnimationFrame(show)
        else element?.animate([{ background: 'var(--accent-soft)' }, { background: 'transparent' }], FLASH_MS)
      }
      requestAnimationFrame(show)
    },
    [conversationId],
  )
  const jump = useCallback((entryId: string) => void goTo({ entryId }), [goTo])

  // A place was asked for: by a search, or by the address.
  const wanted = useCell(wantedEntry)
  const ready = thread.status === 'ready'
  useEffect(() => {
    if (!ready || wanted?.conversationId !== conversationId) return
    wantedEntry.set(null)
    void goTo(wanted.place)
  }, [wanted, ready, conversationId, goTo])

  function onScroll() {
    const element = scroller.current
    if (!element) return
    if (element.scrollTop < LOAD_OLDER_AT) void loadOlder(conversationId)
    if (gap && element.scrollHeight - element.scrollTop - element.clientHeight < LOAD_OLDER_AT) void loadNewer(conversationId)
  }

  if (thread.status === 'error') {
    return (
      <div className={s.scroller}>
        <ErrorState error={thread.error} onRetry={() => void loadThread(conversationId)} />
      </div>
    )
  }
  return (
    <div className={s.frame}>
      <div
        ref={scroller}
        className={s.scroller}
        role="log"
        aria-label="Messages"
        aria-live="polite"
        aria-busy={thread.status === 'loading'}
        tabIndex={0}
        onScroll={onScroll}
        onContextMenu={(event) => {
          const bubble = (event.target as HTMLElement).closest<HTMLElement>('[id^="entry-"]')
          if (!bubble || window.getSelection()?.toString()) return
          event.preventDefault()
          openMenu.set(bubble.id.slice('entry-'.length))
        }}
      >
        <div ref={content} className={s.content}>
          {thread.status === 'loading' ? (
            <LoadingBubbles />
          ) : (
            <>
              {shown.hasOlder ? (
                <div className={s.older}>{shown.loadingOlder ? 'Loading earlier messages…' : ''}</div>
              ) : (
                <div className={s.start}>This is the beginning of the conversation.</div>
              )}
              {items.map((item) => {
                switch (item.type) {
                  case 'day':
                    return (
                      <div key={item.key} className={s.day}>
                        <span>{item.label}</span>
                      </div>
                    )
                  case 'unread':
                    return (
                      <div key={item.key} className={s.unreadLine}>
                        <span>New</span>
                      </div>
                    )
                  case 'event':
                    return (
                      <div key={item.key} className={s.event} id={`entry-${item.entry.id}`}>
                        {eventText(item.entry)}
                        <EventAction entry={item.entry} />
                      </div>
                    )
                  case 'bubble':
                    return (
                      <Bubble
                        key={item.key}
                        entry={item.entry}
                        first={item.first}
                        last={item.last}
                        channelMark={item.channelMark}
                        menuOpen={menuFor === item.entry.id}
                        onJump={jump}
                      />
                    )
                }
              })}
              {gap && <div className={s.older}>There are newer messages below.</div>}
              <TypingBubble conversationId={conversationId} contactName={contactName} />
            </>
          )}
        </div>
      </div>
      {(away || gap) && (
        <button type="button" className={s.latest} onClick={toLatest} aria-label="Jump to latest">
          {newBelow > 0 && <span>{plural(newBelow, 'new message')}</span>}
          <IconArrowDown size={17} />
        </button>
      )}
    </div>
  )
})

/** Stay at the end while one is there; count what comes while one is not. */
function useStickToBottom(
  scroller: React.RefObject<HTMLDivElement | null>,
  content: React.RefObject<HTMLDivElement | null>,
  conversationId: string,
  length: number,
  lastNumber: number | undefined,
  gap: boolean,
) {
  const stuck = useRef(true)
  const seen = useRef(lastNumber)
  const [away, setAway] = useState(false)
  const [newBelow, setNewBelow] = useState(0)

  const toBottom = useCallback(() => {
    const element = scroller.current
    if (!element) return
    stuck.current = true
    element.scrollTop = element.scrollHeight
    setAway(false)
    setNewBelow(0)
  }, [scroller])

  useLayoutEffect(() => {
    toBottom()
  }, [conversationId, toBottom])

  useLayoutEffect(() => {
    // Where there is a gap to the newest message, the end of what is shown is no place to stay at.
    if (gap) stuck.current = false
    if (stuck.current) toBottom()
    else if (lastNumber !== undefined && seen.current !== undefined && lastNumber > seen.current) {
      setNewBelow((count) => count + 1)
    }
    seen.current = lastNumber
  }, [length, lastNumber, gap, toBottom])

  useEffect(() => {
    const element = scroller.current
    const inner = content.current
    if (!element || !inner) return
    const onScroll = () => {
      const below = element.scrollHeight - element.scrollTop - element.clientHeight
      stuck.current = !gap && below < NEAR_BOTTOM
      setAway(below > 3 * NEAR_BOTTOM)
      if (stuck.current) setNewBelow(0)
    }
    element.addEventListener('scroll', onScroll, { passive: true })
    // Bubbles off screen have an estimated height; the end must stay in place when the real one is known.
    const observer = new ResizeObserver(() => {
      if (stuck.current) element.scrollTop = element.scrollHeight
    })
    observer.observe(inner)
    observer.observe(element)
    return () => {
      element.removeEventListener('scroll', onScroll)
      observer.disconnect()
    }
  }, [scroller, content, conversationId, gap])

  return { away, newBelow, toBottom }
}

/** Older messages come in above; what one reads stays where it is. */
function useKeepPlace(scroller: React.RefObject<HTMLDivElement | null>, part: string, firstId: string | undefined): void {
  const before = useRef({ part, firstId, fromBottom: 0 })
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const known = before.current
    if (known.part === part && known.firstId && firstId !== known.firstId) {
      element.scrollTop = element.scrollHeight - known.fromBottom
    }
    const remember = () => {
      before.current = { part, firstId, fromBottom: element.scrollHeight - element.scrollTop }
    }
    remember()
    element.addEventListener('scroll', remember, { passive: true })
    return () => element.removeEventListener('scroll', remember)
  }, [scroller, part, firstId])
}

function TypingBubble({ conversationId, contactName }: { conversationId: string; contactName: string }) {
  const contact = useTyping(conversationId).find((typist) => typist.by === 'contact')
  if (!contact) return null
  return (
    <div className={s.message} data-side="in" data-first>
      <div className={s.bubble}>
        {contact.text ? <span className={s.quiet}>{contact.text}</span> : null}
        <span className={s.dots} role="img" aria-label={`${contactName} is typing`}>
          <i />
          <i />
          <i />
        </span>
      </div>
    </div>
  )
}

function LoadingBubbles() {
  return [52, 34, 44, 28, 58, 40].map((width, index) => (
    <div key={width} className={s.message} data-side={index % 3 === 1 ? 'out' : 'in'} data-first aria-hidden>
      <div className={s.skeleton} style={{ width: `${width}%` }} />
    </div>
  ))
}
