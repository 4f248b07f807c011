import { ActionIcon, Menu } from '@mantine/core'
import type { ReactNode } from 'react'
import { IconDots, IconPencil, IconTrash } from '../../ui/icons'
import p from './parts.module.css'

interface RowMenuProps {
  name: string
  onEdit: () => void
  onDelete: () => void
  /** What else can be done, between the two */
  children?: ReactNode
}

/** What can be done with a row: change it, delete it. */
export function RowMenu({ name, onEdit, onDelete, children }: RowMenuProps) {
  return (
    <Menu position="bottom-end" width={160}>
      <Menu.Target>
        <ActionIcon aria-label={`Actions for ${name}`}>
          <IconDots size={17} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconPencil size={16} />} onClick={onEdit}>
          Edit…
        </Menu.Item>
        {children}
        <Menu.Item leftSection={<IconTrash size={16} />} className={p.dangerItem ?? ''} onClick={onDelete}>
          Delete…
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
