import { ActionIcon, Menu, Tooltip } from '@mantine/core'
import { useState } from 'react'
import { useShortcut } from '../../lib/keys'
import { useCan } from '../../lib/session'
import type { Conversation } from '../../lib/types'
import { IconTag } from '../../ui/icons'
import { retag } from '../actions'
import { useTags } from '../list/choices'
import { TagCreator } from './TagCreator'
import s from './tags.module.css'

/** Tags of the open conversation. */
export function TagMenu({ conversation }: { conversation: Conversation }) {
  const [opened, setOpened] = useState(false)
  const tags = useTags()
  const manages = useCan('inbox.manage')
  useShortcut('l', 'Tags…', 'Conversations', () => setOpened(true))

  return (
    <Menu opened={opened} onChange={setOpened} closeOnItemClick={false} position="bottom-end" width={230}>
      <Menu.Target>
        <Tooltip label="Tags (L)">
          <ActionIcon variant="subtle" color={conversation.tags.length > 0 ? 'indigo' : 'gray'} size={32} aria-label="Tags">
            <IconTag size={17} stroke={1.7} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown className={s.menu}>
        {tags.length === 0 && <Menu.Label>There are no tags yet</Menu.Label>}
        {tags.map((tag) => {
          const on = conversation.tags.includes(tag.id)
          return (
            <Menu.CheckboxItem
              key={tag.id}
              checked={on}
              rightSection={<i className={s.dot} data-colour={tag.colour} aria-hidden />}
              onChange={() => retag(conversation.id, on ? { remove: [tag.id] } : { add: [tag.id] })}
            >
              {tag.name}
            </Menu.CheckboxItem>
          )
        })}
        {manages && <TagCreator onCreated={(tag) => retag(conversation.id, { add: [tag.id] })} />}
      </Menu.Dropdown>
    </Menu>
  )
}
