/** Completes what is typed in the composer: canned replies after `/`, colleagues after `@` in a note; and marks what still has to be filled in. */
import { useQuery } from '@tanstack/react-query'
import { useEffect, useId, useState, type KeyboardEvent, type ReactNode, type RefObject } from 'react'
import { readDraft, writeDraft, type DraftMode } from '../../lib/drafts'
import { plural } from '../../lib/format'
import { toastError } from '../../lib/toast'
import { useMe } from '../../lib/session'
import type { CannedReply, Capabilities, Member, Mention, Reach, Team } from '../../lib/types'
import { Avatar } from '../../ui/Avatar'
import { ChannelIcon, channelLabel } from '../../ui/ChannelIcon'
import { IconAlertTriangle, IconPaperclip, IconUsers } from '../../ui/icons'
import { attachStored } from '../composer/attach'
import { useTeams } from '../list/choices'
import { useMembers } from '../presence'
import { fill, filledQuery, useCanned } from './canned'
import { best } from './fuzzy'
import { mentionsIn } from './mentions'
import { SuggestMenu, optionId } from './SuggestMenu'
import { placeholders, triggerAt, type Trigger } from './trigger'
import s from './assist.module.css'

const MOST = 50

/** whom a note can name */
type Colleague = Member | Team

interface AssistOptions {
  conversationId: string
  mode: DraftMode
  text: string
  box: RefObject<HTMLTextAreaElement | null>
  reach: Reach | undefined
  capabilities: Capabilities
}

export interface Assist {
  /** true: the key was meant for the menu */
  onKeyDown: (event: KeyboardEvent) => boolean
  onSelect: () => void
  /** what the text box says about the menu */
  aria: { 'aria-autocomplete': 'list'; 'aria-controls'?: string; 'aria-activedescendant'?: string }
  menu: ReactNode
  /** what still has to be filled in */
  notice: ReactNode
  /** Before sending: true when something has to be filled in; it is selected then. */
  holds: () => boolean
  /** whom a note names */
  mentions: () => Mention[]
}

export function useAssist({ conversationId, mode, text, box, reach, capabilities }: AssistOptions): Assist {
  const menuId = useId()
  const [caret, setCaret] = useState(0)
  const [at, setAt] = useState(0)
  const [dismissed, setDismissed] = useState<number | null>(null)
  const onSelect = () => setCaret(box.current?.selectionStart ?? 0)
  // Text also changes without the caret being moved by hand.
  useEffect(() => setCaret(box.current?.selectionStart ?? 0), [text, box])

  const noting = mode === 'note'
  const trigger = triggerAt(text, caret, noting ? '@' : '/')
  const open = trigger !== null && trigger.start !== dismissed
  const replies = useCanned(open && !noting)
  const me = useMe().member
  const members = useMembers()
  const teams = useTeams().filter((team) => team.members.length > 0)
  const colleagues: Colleague[] = [...members.filter((member) => member.id !== me.id && member.status === 'active'), ...teams]
  const items = !open
    ? []
    : noting
      ? best<CannedReply | Colleague>(trigger.typed, colleagues, (one) => ('name' in one ? [one.name] : []), MOST)
      : best<CannedReply | Colleague>(trigger.typed, replies ?? [], (one) => ('shortcut' in one ? [one.shortcut, one.title] : []), MOST)
  const index = Math.min(at, Math.max(0, items.length - 1))
  const pointed = items[index]
  const typed = trigger?.typed
  useEffect(() => setAt(0), [typed])
  useEffect(() => {
    if (trigger === null) setDismissed(null)
  }, [trigger === null])

  function pick(item: CannedReply | Colleague, where: Trigger) {
    if ('shortcut' in item) void insertReply(item, where)
    else insertName(item, where)
  }

  function insertName(member: Colleague, where: Trigger) {
    const name = `@${member.name} `
    writeDraft(conversationId, mode, text.slice(0, where.start) + name + text.slice(where.end).replace(/^ /, ''))
    setDismissed(where.start)
    select(where.start + name.length, where.start + name.length)
  }

  async function insertReply(reply: CannedReply, where: Trigger) {
    setDismissed(where.start)
    try {
      const filled = await fill(reply, conversationId, reach?.account_id)
      const now = readDraft(conversationId, mode)
      const sign = `/${where.typed}`
      // Somebody may have typed on while the server answered.
      const start = now.startsWith(sign, where.start) ? where.start : now.length
      const end = start === where.start ? start + sign.length : start
      writeDraft(conversationId, mode, now.slice(0, start) + filled.text + now.slice(end))
      const [open] = placeholders(filled.text)
      const from = start + (open ? open.start : filled.text.length)
      const to = start + (open ? open.end : filled.text.length)
      select(from, to)
      for (const file of filled.files) attachStored(conversationId, file, capabilities, channelLabel(reach?.channel ?? ''))
    } catch (error) {
      setDismissed(null)
      toastError(`/${reply.shortcut} was not inserted`, error)
    }
  }

  function select(from: number, to: number) {
    // After the redraw, which puts the caret at the end.
    requestAnimationFrame(() => {
      box.current?.focus()
      box.current?.setSelectionRange(from, to)
    })
  }

  function onKeyDown(event: KeyboardEvent): boolean {
    if (!open) return false
    if (event.key === 'Escape') {
      setDismissed(trigger.start)
    } else if (items.length === 0) {
      // The first time the list is still on its way; what was meant as a shortcut is not sent as a text.
      if (noting || replies || event.key !== 'Enter') return false
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      setAt((index + (event.key === 'ArrowDown' ? 1 : items.length - 1)) % items.length)
    } else if ((event.key === 'Enter' || event.key === 'Tab') && !event.shiftKey && pointed) {
      pick(pointed, trigger)
    } else {
      return false
    }
    event.preventDefault()
    event.stopPropagation()
    return true
  }

  const left = noting ? [] : placeholders(text)

  function holds(): boolean {
    const [first] = left
    if (first) select(first.start, first.end)
    return first !== undefined
  }

  return {
    onKeyDown,
    onSelect,
    aria: {
      'aria-autocomplete': 'list',
      ...(open && items.length > 0 && { 'aria-controls': menuId, 'aria-activedescendant': optionId(menuId, index) }),
    },
    menu: open && noting && items.length > 0 ? (
      <SuggestMenu
        id={menuId}
        label="Colleagues"
        items={items}
        at={index}
        keyOf={(member) => member.id}
        onPoint={setAt}
        onPick={(member) => pick(member, trigger)}
      >
        {(member) =>
          'name' in member && (
            <>
              {'email' in member ? (
                <Avatar name={member.name} hue={member.avatar_hue} size={22} presence={member.presence} />
              ) : (
                <IconUsers size={20} stroke={1.7} aria-hidden />
              )}
              <b>{member.name}</b>
              <span>{'email' in member ? member.email : plural(member.members.length, 'member')}</span>
            </>
          )
        }
      </SuggestMenu>
    ) : open && replies ? (
      <SuggestMenu
        id={menuId}
        label="Canned replies"
        items={items}
        at={index}
        keyOf={(reply) => reply.id}
        onPoint={setAt}
        onPick={(reply) => pick(reply, trigger)}
        empty={replies.length === 0 ? 'No canned replies yet. Settings › Canned replies is where they are kept.' : 'No canned reply is called that.'}
        preview={pointed && 'shortcut' in pointed && <Preview reply={pointed} conversationId={conversationId} accountId={reach?.account_id} />}
      >
        {(reply) =>
          'shortcut' in reply && (
            <>
              <b>/{reply.shortcut}</b>
              <span>{reply.title}</span>
              {!reply.shared && <small>Mine</small>}
            </>
          )
        }
      </SuggestMenu>
    ) : null,
    notice: left.length > 0 && (
      <div className={s.missing} role="status">
        <IconAlertTriangle size={15} aria-hidden />
        <span>To be filled in before sending:</span>
        {left.map(({ name, start, end }) => (
          <button key={name} type="button" onClick={() => select(start, end)}>
            {name}
          </button>
        ))}
      </div>
    ),
    holds,
    mentions: () => (noting ? mentionsIn(text, colleagues).map(({ id, name }) => ({ id, name })) : []),
  }
}

function Preview({ reply, conversationId, accountId }: { reply: CannedReply; conversationId: string; accountId: string | undefined }) {
  const { data, error } = useQuery(filledQuery(reply, conversationId, accountId))
  if (error) return <p className={s.empty}>It cannot be shown: {error.message}</p>
  if (!data) return <p className={s.empty}>…</p>
  return (
    <>
      <p className={s.variant}>
        {data.channel && (
          <span>
            <ChannelIcon channel={data.channel} size={13} /> {channelLabel(data.channel)}
          </span>
        )}
        {data.language && <span>{languageName(data.language)}</span>}
        {!data.channel && !data.language && <span>For all languages and channels</span>}
        {data.files.length > 0 && (
          <span>
            <IconPaperclip size={13} aria-hidden /> {plural(data.files.length, 'file')}
          </span>
        )}
      </p>
      <p className={s.text} dir="auto">
        <Marked text={data.text} />
      </p>
    </>
  )
}

/** The text with what is not known standing out. */
function Marked({ text }: { text: string }) {
  const parts: ReactNode[] = []
  let from = 0
  for (const { start, end } of placeholders(text)) {
    parts.push(text.slice(from, start), <mark key={start}>{text.slice(start, end)}</mark>)
    from = end
  }
  return <>{[...parts, text.slice(from)]}</>
}

export function languageName(code: string): string {
  try {
    return new Intl.DisplayNames(undefined, { type: 'language' }).of(code) ?? code
  } catch {
    return code
  }
}
