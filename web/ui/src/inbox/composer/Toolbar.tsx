import { ActionIcon, Popover, Tooltip } from '@mantine/core'
import { Suspense, lazy, memo, useRef, useState } from 'react'
import { useShortcut } from '../../lib/keys'
import { useCan } from '../../lib/session'
import type { Capabilities, Content, OutgoingContent, Reach } from '../../lib/types'
import { IconBook, IconListDetails, IconMicrophone, IconMoodSmile, IconPaperclip, IconTemplate } from '../../ui/icons'
import { EmojiPicker } from './EmojiPicker'

const TemplatePicker = lazy(() => import('./TemplatePicker'))
const ArticlePicker = lazy(() => import('../assist/ArticlePicker'))
const InteractiveForm = lazy(() => import('./InteractiveForm'))

interface ToolbarProps {
  conversationId: string
  noting: boolean
  writable: boolean
  reach: Reach | undefined
  capabilities: Capabilities
  contactName: string
  onInsert: (text: string) => void
  onFiles: (files: Iterable<File>) => void
  onSend: (content: OutgoingContent, shown: Content, topic?: string) => void
  /** null: only text and files can wait for the window */
  onRecord: (() => void) | null
}

/** What can go into a message besides text, as far as the channel takes it. */
export const Toolbar = memo(function Toolbar(props: ToolbarProps) {
  const { conversationId, noting, writable, reach, capabilities, contactName, onInsert, onFiles, onSend, onRecord } = props
  const [emoji, setEmoji] = useState(false)
  const [dialog, setDialog] = useState<'article' | 'template' | 'interactive' | null>(null)
  const input = useRef<HTMLInputElement>(null)
  const takesFiles = !noting && writable && Object.keys(capabilities.media).length > 0
  const takesApproved = !noting && capabilities.templates && reach !== undefined && !reach.blocked
  const takesOwn = useCan('templates.read') && !noting && writable && onRecord !== null
  const takesTemplates = takesApproved || takesOwn
  const takesButtons = !noting && writable && onRecord !== null && (capabilities.buttons !== null || capabilities.list !== null)

  const takesVoice = takesFiles && onRecord !== null && capabilities.media.voice !== undefined && 'MediaRecorder' in window

  useShortcut('v', 'Record a voice message', 'Reply', () => onRecord?.(), takesVoice)
  useShortcut('t', 'Choose a template', 'Reply', () => setDialog('template'), takesTemplates)

  useShortcut('b', 'Insert a help article', 'Reply', () => setDialog('article'), writable)
  useShortcut('mod+i', 'Insert a help article', 'Reply', () => setDialog('article'), writable)

  return (
    <>
      {takesFiles && (
        <>
          <Tooltip label="Attach a file">
            <ActionIcon aria-label="Attach a file" onClick={() => input.current?.click()}>
              <IconPaperclip size={18} stroke={1.7} />
            </ActionIcon>
          </Tooltip>
          <input
            ref={input}
            type="file"
            multiple
            hidden
            onChange={(event) => {
              onFiles([...(event.currentTarget.files ?? [])])
              event.currentTarget.value = ''
            }}
          />
        </>
      )}
      {takesVoice && (
        <Tooltip label="Record a voice message">
          <ActionIcon aria-label="Record a voice message" onClick={() => onRecord?.()}>
            <IconMicrophone size={18} stroke={1.7} />
          </ActionIcon>
        </Tooltip>
      )}
      {writable && (
        <Popover opened={emoji} onChange={setEmoji} position="top-start" trapFocus>
          <Popover.Target>
            <Tooltip label="Emoji" disabled={emoji}>
              <ActionIcon aria-label="Emoji" onClick={() => setEmoji((opened) => !opened)}>
                <IconMoodSmile size={18} stroke={1.7} />
              </ActionIcon>
            </Tooltip>
          </Popover.Target>
          <Popover.Dropdown p={0} aria-label="Emoji">
            <EmojiPicker
              onPick={(chosen) => {
                setEmoji(false)
                onInsert(chosen)
              }}
            />
          </Popover.Dropdown>
        </Popover>
      )}
      {writable && (
        <Tooltip label="Insert a help article">
          <ActionIcon aria-label="Insert a help article" onClick={() => setDialog('article')}>
            <IconBook size={18} stroke={1.7} />
          </ActionIcon>
        </Tooltip>
      )}
      {takesTemplates && (
        <Tooltip label="Choose template">
          <ActionIcon
            aria-label="Choose template"
            variant={writable ? 'subtle' : 'filled'}
            color={writable ? 'gray' : 'indigo'}
            onClick={() => setDialog('template')}
          >
            <IconTemplate size={18} stroke={1.7} />
          </ActionIcon>
        </Tooltip>
      )}
      {takesButtons && (
        <Tooltip label="Buttons or list">
          <ActionIcon aria-label="Buttons or list" onClick={() => setDialog('interactive')}>
            <IconListDetails size={18} stroke={1.7} />
          </ActionIcon>
        </Tooltip>
      )}
      <Suspense fallback={null}>
        {dialog === 'template' && reach && (
          <TemplatePicker
            kinds={[...(takesApproved ? (['approved'] as const) : []), ...(takesOwn ? (['own'] as const) : [])]}
            conversationId={conversationId}
            reach={reach}
            contactName={contactName}
            onInsert={onInsert}
            onSend={onSend}
            onClose={() => setDialog(null)}
          />
        )}
        {dialog === 'article' && <ArticlePicker conversationId={conversationId} onInsert={onInsert} onClose={() => setDialog(null)} />}
        {dialog === 'interactive' && <InteractiveForm capabilities={capabilities} onSend={onSend} onClose={() => setDialog(null)} />}
      </Suspense>
    </>
  )
})
