import { Menu } from '@mantine/core'
import { useState } from 'react'
import { useCan, useMe } from '../../lib/session'
import { toast, toastError } from '../../lib/toast'
import type { Entry } from '../../lib/types'
import { IconArrowBackUp, IconArrowForwardUp, IconCode, IconCopy, IconLanguage, IconMailOpened, IconMoodSmile, IconPencil, IconPlus, IconTrash, IconTicket } from '../../ui/icons'
import { newTicket } from '../../tickets/newTicket'
import { markUnread, react } from '../actions'
import { useCapabilities } from '../capabilities'
import { EmojiPicker } from '../composer/EmojiPicker'
import { quoteEntry } from '../composer/composerState'
import { isUnsent } from '../outbox'
import { translate, translationOf, useConnected, wordsOf } from '../translating/translation'
import { changing, openMenu, rawEntry } from './menuState'
import { plainText } from './plainText'
import s from './thread.module.css'

/** Statuses of messages that the provider has. */
const GONE = ['sent', 'delivered', 'read']
const QUICK = ['👍', '❤️', '😂', '😮', '🙏', '🎉']

/** A plain button on each bubble; the menu itself exists only while it is open. */
export function MessageActions({ entry, open }: { entry: Entry; open: boolean }) {
  if (!open) {
    return (
      <button
        type="button"
        className={s.actions}
        aria-label="Message actions"
        aria-haspopup="menu"
        onClick={() => openMenu.set(entry.id)}
      />
    )
  }
  return <OpenMenu entry={entry} />
}

function OpenMenu({ entry }: { entry: Entry }) {
  const me = useMe().member
  const mayReply = useCan('inbox.reply')
  const manages = useCan('inbox.manage')
  const [picking, setPicking] = useState<'no' | 'quick' | 'all'>('no')
  const capabilities = useCapabilities(entry.account_id)
  const connected = useConnected()
  const text = plainText(entry)
  const live = entry.kind === 'message' && !isUnsent(entry) && !entry.deleted_at && mayReply
  const correctable =
    live && entry.direction === 'out' && GONE.includes(entry.status ?? '') && (manages || entry.author?.id === me.id)
  const mine = entry.reactions.find((reaction) => reaction.by === me.id)?.emoji

  function choose(emoji: string) {
    openMenu.set(null)
    void react(entry, emoji === mine ? '' : emoji)
  }

  return (
    <Menu
      opened
      onChange={(opened) => !opened && openMenu.set(null)}
      position={entry.direction === 'in' ? 'bottom-start' : 'bottom-end'}
      width={picking === 'all' ? 'auto' : 200}
    >
      <Menu.Target>
        <button type="button" className={s.actions} aria-label="Message actions" data-open />
      </Menu.Target>
      <Menu.Dropdown p={picking === 'all' ? 0 : 4}>
        {picking === 'all' ? (
          <EmojiPicker onPick={choose} />
        ) : picking === 'quick' ? (
          <div className={s.quick}>
            {QUICK.map((emoji) => (
              <Menu.Item key={emoji} aria-label={`React with ${emoji}`} data-mine={emoji === mine || undefined} onClick={() => choose(emoji)}>
                {emoji}
              </Menu.Item>
            ))}
            <Menu.Item aria-label="More emoji" closeMenuOnClick={false} onClick={() => setPicking('all')}>
              <IconPlus size={16} />
            </Menu.Item>
          </div>
        ) : (
          <>
            {live && capabilities.quotes && (
              <Menu.Item leftSection={<IconArrowBackUp size={16} />} onClick={() => quoteEntry(entry)}>
                Reply
              </Menu.Item>
            )}
            {live && capabilities.reactions === 'full' && (
              <Menu.Item leftSection={<IconMoodSmile size={16} />} closeMenuOnClick={false} onClick={() => setPicking('quick')}>
                React
              </Menu.Item>
            )}
            {text && (
              <Menu.Item
                leftSection={<IconCopy size={16} />}
                onClick={() => void navigator.clipboard.writeText(text).then(() => toast('Copied'))}
              >
                Copy text
              </Menu.Item>
            )}
            {live && connected && entry.direction === 'in' && !translationOf(entry) && wordsOf(entry) && (
              <Menu.Item
                leftSection={<IconLanguage size={16} />}
                onClick={() => void translate(entry).catch((error: unknown) => toastError('Not translated', error))}
              >
                Translate
              </Menu.Item>
            )}
            {live && entry.kind === 'message' && (entry.content?.type === 'text' || entry.content?.type === 'media') && (
              <Menu.Item leftSection={<IconArrowForwardUp size={16} />} onClick={() => changing.set({ what: 'forward', entry })}>
                Forward
              </Menu.Item>
            )}
            {correctable && capabilities.edit && text && (entry.content?.type === 'text' || entry.content?.type === 'media') && (
              <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => changing.set({ what: 'edit', entry })}>
                Edit
              </Menu.Item>
            )}
            {correctable && capabilities.delete && (
              <Menu.Item leftSection={<IconTrash size={16} />} color="red" onClick={() => changing.set({ what: 'delete', entry })}>
                Delete
              </Menu.Item>
            )}
            {live && entry.direction === 'in' && entry.conversation_id && (
              <Menu.Item leftSection={<IconMailOpened size={16} />} onClick={() => markUnread(entry.conversation_id ?? '', entry.number)}>
                Unread from here
              </Menu.Item>
            )}
            {mayReply && !isUnsent(entry) && (entry.kind === 'message' || entry.kind === 'note') && (
              <Menu.Item
                leftSection={<IconTicket size={16} />}
                onClick={() => newTicket.set({ from: { entry_id: entry.id }, description: text })}
              >
                Make a ticket
              </Menu.Item>
            )}
            {entry.kind === 'message' && !isUnsent(entry) && (
              <Menu.Item leftSection={<IconCode size={16} />} onClick={() => rawEntry.set(entry)}>
                Raw payload
              </Menu.Item>
            )}
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}
