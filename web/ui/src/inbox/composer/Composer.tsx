import { Suspense, lazy, memo, useCallback, useEffect, useMemo, useRef, useState, type DragEvent, type KeyboardEvent } from 'react'
import { readDraft, useDraft, writeDraft } from '../../lib/drafts'
import { initials } from '../../lib/format'
import { useShortcut } from '../../lib/keys'
import { useCan, useMe } from '../../lib/session'
import { toastError } from '../../lib/toast'
import type { Content, Conversation, Deferred, OutgoingContent, Reach, Written } from '../../lib/types'
import { channelLabel } from '../../ui/ChannelIcon'
import { IconBan, IconClock, IconDeviceMobile, IconLock, IconSend2, IconTemplate, IconX } from '../../ui/icons'
import { ActionIcon, Button, Tooltip } from '@mantine/core'
import { ColleagueDrafts } from '../../drafts/ColleagueDrafts'
import { WritingColleague } from '../assist/WritingColleague'
import { useAssist } from '../assist/useAssist'
import { MacroMenu } from '../macros/MacroMenu'
import { useCapabilities } from '../capabilities'
import { HoldBar, type Opener } from '../deferred/HoldBar'
import { defer, useDeferred, useReopener, useWhere } from '../deferred/deferred'
import { sendMessage, sendNote, useHeldBack } from '../outbox'
import { reachKey, reachState } from '../reach'
import { quoteText } from '../thread/plainText'
import { markUnreadFrom } from '../thread/threads'
import { useConnected } from '../translating/translation'
import { readWritten, setWritten, useWritten } from '../translating/written'
import { useNow } from '../useNow'
import { Attachments } from './Attachments'
import { ChannelPicker } from './ChannelPicker'
import { CostChip } from './CostChip'
import { Counter } from './Counter'
import { NightWarning, TheirClock } from './TheirClock'
import { Toolbar } from './Toolbar'
import { WindowChip } from './WindowChip'
import { attach } from './attach'
import { focusComposer, onFocusRequest, updateComposer, useComposer } from './composerState'
import { outgoing } from './outgoing'
import { usePreview } from './preview'
import { NewerStrip } from './NewerStrip'
import { seenNumber, startSeen, wroteOn } from './seen'
import { canTakeBack, takeBackNewest } from './undo'
import { useTypingSignal } from './useTypingSignal'
import s from './composer.module.css'

const SendLater = lazy(() => import('../deferred/SendLater'))
const TemplatePicker = lazy(() => import('./TemplatePicker'))
const VoiceRecorder = lazy(() => import('./VoiceRecorder'))
const NewerDialog = lazy(() => import('./NewerDialog'))
const GoOnDialog = lazy(() => import('./GoOnDialog'))
const PreviewCard = lazy(() => import('./PreviewCard'))
const TranslateTool = lazy(() => import('../translating/TranslateTool'))
const TranslatedStrip = lazy(() => import('../translating/TranslatedStrip'))

export const Composer = memo(function Composer({ conversation }: { conversation: Conversation }) {
  const { id, contact_id: contactId, reach: reaches, contact } = conversation
  const mayReply = useCan('inbox.reply')
  const { mode, reachKey: chosenKey, quote, attachments } = useComposer(id)
  const text = useDraft(id, mode)
  const now = useNow()
  const enterSends = useMe().member.preferences?.enter_sends ?? true
  const box = useRef<HTMLTextAreaElement>(null)
  const [dropping, setDropping] = useState(false)

  const reach = reaches.find((each) => reachKey(each) === chosenKey) ?? reaches[0]
  const capabilities = useCapabilities(reach?.account_id)
  const state = reach ? reachState(reach, now) : null
  const noting = mode === 'note'
  // With the window closed one writes all the same: a template asks, and the words wait for the answer.
  const holding = !noting && state?.kind === 'window_closed' && capabilities.templates
  const reopener = useReopener(reach?.account_id, holding)
  const [opener, setOpener] = useState<Opener | null>(null)
  const [onReply, setOnReply] = useState<'ask' | 'send'>('ask')
  const [dialog, setDialog] = useState<'later' | 'opener' | 'elsewhere' | null>(null)
  const [deferring, setDeferring] = useState(false)
  const [recording, setRecording] = useState(false)
  const [writingTo, setWritingTo] = useState(id)
  if (writingTo !== id) {
    // What was chosen or begun for one person must never reach another.
    setWritingTo(id)
    setOpener(null)
    setDialog(null)
    setRecording(false)
  }
  const asked = useDeferred(id, conversation.deferred).some(
    (item) => item.kind === 'held' && item.account_id === reach?.account_id && item.address === reach.address,
  )
  const asks = opener?.content.name ?? reopener?.name ?? null
  const where = useWhere(id, noting ? undefined : reach?.address)
  const writable = noting || state?.kind === 'open' || holding
  const uploading = attachments.some((each) => !each.stored && !each.error)
  const failedUpload = attachments.some((each) => each.error)
  const files = noting ? [] : attachments
  const sendable = !deferring && (!holding || asks !== null || asked) && writable && !uploading && !failedUpload && (text.trim() !== '' || files.length > 0)
  const heldBack = useHeldBack(id)
  const written = useWritten(id)
  const translates = useConnected()
  // Somebody of whom only the number is known has no first name.
  const first = initials(contact.name) ? (contact.name.split(' ')[0] ?? contact.name) : 'them'
  const [previewing, setPreviewing] = useState(false)
  const contents = useMemo(
    () => (noting ? [] : outgoing(text.trim(), files, capabilities).map(({ content }) => content)),
    // Files are told apart by the server's ids of them.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [noting, text, files.map((each) => each.stored?.file_id).join(), capabilities],
  )
  const preview = usePreview(id, reach, contents, !noting && (previewing || capabilities.charged))
  const signalTyping = useTypingSignal(id, noting ? undefined : reach)

  const assist = useAssist({ conversationId: id, mode, text, box, reach, capabilities })

  useEffect(() => onFocusRequest(() => box.current?.focus()), [])

  const change = useCallback(
    (next: string) => {
      if (mode === 'reply') {
        if (!next || !readDraft(id, mode)) startSeen(id, next !== '')
        else wroteOn(id)
        if (!next) setWritten(id, null)
      }
      writeDraft(id, mode, next)
    },
    [id, mode],
  )

  const insert = useCallback(
    (addition: string) => {
      const element = box.current
      const at = element?.selectionStart ?? text.length
      const to = element?.selectionEnd ?? at
      change(text.slice(0, at) + addition + text.slice(to))
      requestAnimationFrame(() => {
        element?.focus()
        element?.setSelectionRange(at + addition.length, at + addition.length)
      })
    },
    [change, text],
  )

  /** Other words in place of all of them. */
  function take(words: string) {
    change(words)
    box.current?.focus()
  }

  const sendContent = useCallback(
    (content: OutgoingContent, shown: Content, topic = '', wrote: Written | null = null) => {
      if (!reach) return
      const quoted = quote && { entry_id: quote.id, text: quoteText(quote), author_name: quote.author?.name ?? null }
      sendMessage({ conversationId: id, contactId, reach, content, shown, quote: quoted, seen: seenNumber(id), topic, written: wrote })
      updateComposer(id, { quote: null })
      markUnreadFrom(id, 0)
    },
    [id, contactId, reach, quote],
  )

  /** For a time, or (null) for when the customer answers. What is refused stays in the composer. */
  async function sendLater(at: string | null, whenTheyWrite: Deferred['on_reply']) {
    const [only, ...more] = outgoing(text.trim(), files, capabilities)
    if (!reach || !only) return
    if (more.length > 0) throw new Error('Only one message at a time can wait: send files and long texts separately.')
    setDeferring(true)
    try {
      await defer(id, {
        client_id: crypto.randomUUID(),
        content: only.content,
        account_id: reach.account_id,
        address: reach.address,
        reply_to_entry_id: quote?.id ?? null,
        seen: seenNumber(id),
        at,
        on_reply: whenTheyWrite,
        opener: at === null ? (opener?.content ?? null) : null,
        ...(written && { written }),
        ...(at === null && opener?.topic && { topic: opener.topic }),
      })
    } finally {
      setDeferring(false)
    }
    updateComposer(id, { attachments: [], quote: null })
    setOpener(null)
    setWritten(id, null)
    writeDraft(id, 'reply', '')
    startSeen(id, false)
    focusComposer()
  }

  function send() {
    if (!sendable || assist.holds()) return
    if (holding) {
      sendLater(null, onReply).catch((error: unknown) => toastError('Not sent', error))
      return
    }
    const body = text.trim()
    signalTyping(false)
    if (noting) sendNote(id, contactId, body, assist.mentions())
    else {
      const messages = outgoing(body, files, capabilities)
      for (const [index, { content, shown }] of messages.entries()) {
        // What was written goes with the message that has its words.
        const wrote = content.type === 'text' || (content.type === 'media' && content.caption) ? readWritten(id) : null
        if (index === 0) sendContent(content, shown, '', wrote)
        else if (reach) sendMessage({ conversationId: id, contactId, reach, content, shown, quote: null, seen: seenNumber(id), written: wrote })
      }
      updateComposer(id, { attachments: [] })
    }
    change('')
    box.current?.focus()
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing || assist.onKeyDown(event)) return
    if (event.key === 'Enter' && !event.shiftKey && (enterSends || event.metaKey || event.ctrlKey)) {
      event.preventDefault()
      send()
    } else if (event.key === 'z' && (event.metaKey || event.ctrlKey) && !text && canTakeBack(id)) {
      // Nothing is typed that the browser could undo: the last thing done is the message just sent.
      event.preventDefault()
      takeBackNewest(id)
    } else if (event.key === 'Escape') {
      event.stopPropagation()
      if (quote) updateComposer(id, { quote: null })
      else box.current?.blur()
    }
  }

  const addFiles = useCallback(
    (list: Iterable<File>) => {
      if (reach) attach(id, list, capabilities, channelLabel(reach.channel))
    },
    [id, reach, capabilities],
  )

  function onDrop(event: DragEvent) {
    event.preventDefault()
    setDropping(false)
    if (!noting && writable) addFiles(event.dataTransfer.files)
  }

  function setMode(next: 'reply' | 'note') {
    updateComposer(id, { mode: next })
    focusComposer()
  }

  useShortcut('shift+p', 'Preview on the phone', 'Reply', () => setPreviewing((opened) => !opened), mayReply && !noting)
  useShortcut('r', 'Reply', 'Reply', () => setMode('reply'), mayReply)
  useShortcut('n', 'Private note', 'Reply', () => setMode('note'), mayReply)

  if (!mayReply) {
    return (
      <div className={s.readOnly}>
        <IconLock size={15} /> Your role can read conversations but not answer them.
      </div>
    )
  }
  return (
    <div
      className={s.composer}
      data-mode={mode}
      data-dropping={dropping || undefined}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes('Files')) return
        event.preventDefault()
        setDropping(true)
      }}
      onDragLeave={(event) => !event.currentTarget.contains(event.relatedTarget as Node) && setDropping(false)}
      onDrop={onDrop}
    >
      <div className={s.top}>
        <div className={s.modes} role="group" aria-label="Mode">
          <button type="button" aria-pressed={!noting} onClick={() => setMode('reply')}>
            Reply
          </button>
          <button type="button" aria-pressed={noting} onClick={() => setMode('note')}>
            Note
          </button>
        </div>
        {!noting && reach && (
          <>
            <ChannelPicker
              reaches={reaches}
              chosen={reach}
              now={now}
              onChoose={(key) => {
                updateComposer(id, { reachKey: key, ...(quote && { quote: null }) })
                focusComposer()
              }}
              onGoOn={() => setDialog('elsewhere')}
            />
            <WindowChip reach={reach} now={now} />
            <TheirClock where={where} now={now} name={first} />
          </>
        )}
      </div>
      {holding && (
        <HoldBar
          contactName={contact.name}
          template={asks}
          asked={asked}
          onReply={onReply}
          onReplyChange={(next) => setOnReply(next === 'ask' ? 'ask' : 'send')}
          onChoose={() => setDialog('opener')}
        />
      )}
      {!noting && reach && text && (
        <NightWarning
          where={where}
          now={now}
          name={first}
          onWait={
            holding || !sendable
              ? null
              : (at) => {
                  if (assist.holds()) return
                  sendLater(new Date(at).toISOString(), 'ask').catch((error: unknown) => toastError('Not scheduled', error))
                }
          }
        />
      )}
      {!noting && writable && text && <NewerStrip conversationId={id} />}
      {quote && !noting && (
        <div className={s.quote}>
          <span>
            <b>Reply to {quote.author?.name ?? contact.name}</b>
            {quoteText(quote)}
          </span>
          <button type="button" aria-label="Remove quote" onClick={() => updateComposer(id, { quote: null })}>
            <IconX size={15} />
          </button>
        </div>
      )}
      {written && !noting && writable && (
        <Suspense fallback={null}>
          <TranslatedStrip conversationId={id} written={written} name={first} onText={take} />
        </Suspense>
      )}
      {writable ? (
        <textarea
          ref={box}
          className={s.box}
          value={text}
          rows={2}
          dir="auto"
          aria-label={noting ? 'Private note' : 'Reply'}
          placeholder={noting ? 'Only your team sees this' : placeholderFor(contact.name)}
          onChange={(event) => {
            change(event.currentTarget.value)
            if (!noting) signalTyping(event.currentTarget.value !== '')
          }}
          onSelect={assist.onSelect}
          {...assist.aria}
          onBlur={() => signalTyping(false)}
          onKeyDown={onKeyDown}
          onPaste={(event) => {
            if (noting || event.clipboardData.files.length === 0) return
            event.preventDefault()
            addFiles(event.clipboardData.files)
          }}
        />
      ) : (
        <Closed reach={reach} others={reaches.length > 1} now={now} />
      )}
      {assist.menu}
      <ColleagueDrafts conversationId={id} mode={mode} />
      {!noting && <WritingColleague conversationId={id} />}
      {assist.notice}
      {!noting && <Attachments conversationId={id} attachments={attachments} />}
      {recording && !noting && writable && !holding ? (
        <div className={s.bottom}>
          <Suspense fallback={null}>
            <VoiceRecorder
              key={id}
              maxBytes={capabilities.media.voice?.max_bytes ?? 0}
              onSend={sendContent}
              onClose={() => {
                setRecording(false)
                focusComposer()
              }}
            />
          </Suspense>
        </div>
      ) : (
        <div className={s.bottom}>
          <div className={s.tools}>
            <Toolbar
              conversationId={id}
              noting={noting}
              writable={writable}
              reach={reach}
              capabilities={capabilities}
              contactName={contact.name}
              onInsert={insert}
              onFiles={addFiles}
              onSend={sendContent}
              onRecord={holding ? null : () => setRecording(true)}
            />
            <MacroMenu conversationId={id} reach={reach} />
            <span className={s.space} />
            {!noting && writable && <Counter text={text} capabilities={capabilities} />}
            {!noting && <CostChip preview={preview} />}
            {!noting && writable && translates && (
              <Suspense fallback={null}>
                <TranslateTool conversationId={id} text={text} known={where.language} spoken={conversation.spoken} onText={take} />
              </Suspense>
            )}
            {!noting && reach && writable && (
              <Tooltip label="Preview (Shift P)">
                <ActionIcon aria-label="Preview on the phone" aria-pressed={previewing} onClick={() => setPreviewing(!previewing)}>
                  <IconDeviceMobile size={18} stroke={1.7} />
                </ActionIcon>
              </Tooltip>
            )}
            {!noting && !holding && (
              <Tooltip label="Send later">
                <ActionIcon aria-label="Send later" disabled={!sendable} onClick={() => setDialog('later')}>
                  <IconClock size={18} stroke={1.7} />
                </ActionIcon>
              </Tooltip>
            )}
          </div>
          <Button
            size="compact-md"
            className={s.send}
            loading={deferring && holding}
            rightSection={noting ? null : <IconSend2 size={16} />}
            disabled={!sendable}
            onClick={send}
          >
            {noting ? 'Add note' : holding ? 'Ask and hold' : 'Send'}
          </Button>
        </div>
      )}
      <Suspense fallback={null}>
        {previewing && !noting && writable && <PreviewCard preview={preview} name={contact.name} />}
        {dialog === 'later' && reach && (
          <SendLater
            contactName={contact.name}
            reach={reach}
            place={where.place}
            onChoose={(at, whenTheyWrite) => sendLater(at, whenTheyWrite)}
            onClose={() => setDialog(null)}
          />
        )}
        {dialog === 'elsewhere' && <GoOnDialog conversation={conversation} onClose={() => setDialog(null)} />}
        {dialog === 'opener' && reach && (
          <TemplatePicker
            conversationId={id}
            reach={reach}
            contactName={contact.name}
            verb="Use this template"
            onSend={(content, shown, topic = '') => content.type === 'template' && setOpener({ content, shown, topic })}
            onClose={() => setDialog(null)}
          />
        )}
      </Suspense>
      {heldBack.length > 0 && (
        <Suspense fallback={null}>
          <NewerDialog conversationId={id} held={heldBack} />
        </Suspense>
      )}
      {dropping && !noting && <div className={s.drop}>Drop files to attach them</div>}
    </div>
  )
})

/** Names the person, because writing to the wrong one is what an agent fears most. */
function placeholderFor(name: string): string {
  return initials(name) ? `Write to ${name.split(' ')[0]}…` : 'Write a reply…'
}

/** In place of the text box, when free text would be refused. */
function Closed({ reach, others, now }: { reach: Reach | undefined; others: boolean; now: number }) {
  if (!reach) {
    return (
      <p className={s.closed}>
        <IconBan size={17} /> This person cannot be answered on any connected channel.
      </p>
    )
  }
  const state = reachState(reach, now)
  const elsewhere = others ? ' Or choose another channel above.' : ''
  if (state.kind === 'blocked') {
    return (
      <p className={s.closed}>
        <IconBan size={17} />
        <span>
          <b>{state.reason.replace(/\.$/, '')}.</b> Messages on {channelLabel(reach.channel)} are not sent.{elsewhere}
        </span>
      </p>
    )
  }
  return (
    <p className={s.closed}>
      <IconTemplate size={17} />
      <span>
        <b>The reply window is closed.</b> The customer has to write first.{elsewhere}
      </span>
    </p>
  )
}
