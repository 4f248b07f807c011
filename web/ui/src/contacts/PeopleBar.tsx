import { ActionIcon, Button, Menu, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent, type ReactNode } from 'react'
import { useTags } from '../inbox/list/choices'
import { useMembers } from '../inbox/presence'
import { api, messageOf } from '../lib/api'
import { plural } from '../lib/format'
import { useShortcut } from '../lib/keys'
import { queryClient } from '../lib/query'
import { useCell } from '../lib/store'
import type { ContactList } from '../lib/types'
import { Problem } from '../settings/parts/ConfirmDialog'
import { Dialog } from '../settings/parts/Dialog'
import p from '../settings/parts/parts.module.css'
import { IconX } from '../ui/icons'
import { fieldsQuery } from './contactFields'
import { changePeople, choosePeople, chosenPeople, useLists } from './contactLists'
import s from './contacts.module.css'

/** What can be done with the chosen people. */
export default function PeopleBar({ loaded, counted }: { loaded: number; counted: { count: number; more: boolean } | null }) {
  const { ids, all } = useCell(chosenPeople)
  const lists = useLists()
  const tags = useTags()
  const members = useMembers().filter((member) => member.status === 'active')
  const { data } = useQuery(fieldsQuery)
  const total = counted && `${plural(counted.count, 'person', 'people')}${counted.more ? ' and more' : ''}`
  const clear = () => choosePeople([])
  const [naming, setNaming] = useState(false)
  useShortcut('Escape', 'Choose nobody', 'Window', clear, true, true)
  return (
    <div className={s.bar} role="region" aria-label="Chosen contacts">
      <div>
        <b aria-live="polite">{all ? `All ${total ?? 'that match'}` : plural(ids.size, 'chosen', 'chosen')}</b>
        {!all && counted && ids.size >= Math.min(loaded, counted.count) && counted.count > loaded && (
          <button type="button" onClick={() => choosePeople(ids, true)}>
            Choose all {total}
          </button>
        )}
        <ActionIcon variant="subtle" color="gray" size={26} aria-label="Choose nobody" onClick={clear}>
          <IconX size={15} />
        </ActionIcon>
      </div>
      <div>
        <Choice label="List">
          <Menu.Item onClick={() => setNaming(true)}>New list…</Menu.Item>
          <AddAndTake things={lists} kind="lists" added={(name) => `put on ${name}`} taken={(name) => `taken off ${name}`} />
        </Choice>
        <Choice label="Tag" disabled={tags.length === 0}>
          <AddAndTake things={tags} kind="tags" added={(name) => `tagged ${name}`} taken={(name) => `without ${name}`} />
        </Choice>
        <Choice label="Stage">
          {(data?.stages ?? []).map(({ id, label }) => (
            <Menu.Item key={id} onClick={() => void changePeople({ type: 'stage', stage: id }, `moved to ${label}`)}>
              {label}
            </Menu.Item>
          ))}
        </Choice>
        <Choice label="Owner">
          {members.map(({ id, name }) => (
            <Menu.Item key={id} onClick={() => void changePeople({ type: 'owner', owner_id: id }, `given to ${name}`)}>
              {name}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item onClick={() => void changePeople({ type: 'owner', owner_id: null }, 'without an owner')}>Nobody</Menu.Item>
        </Choice>
      </div>
      {naming && <NewList onClose={() => setNaming(false)} />}
    </div>
  )
}

interface AddAndTakeProps {
  things: { id: string; name: string }[]
  kind: 'tags' | 'lists'
  added: (name: string) => string
  taken: (name: string) => string
}

function AddAndTake({ things, kind, added, taken }: AddAndTakeProps) {
  if (things.length === 0) return null
  return (
    <>
      <Menu.Label>Add</Menu.Label>
      {things.map(({ id, name }) => (
        <Menu.Item key={id} onClick={() => void changePeople({ type: kind, add: [id], remove: [] }, added(name))}>
          {name}
        </Menu.Item>
      ))}
      <Menu.Label>Take off</Menu.Label>
      {things.map(({ id, name }) => (
        <Menu.Item key={id} onClick={() => void changePeople({ type: kind, add: [], remove: [id] }, taken(name))}>
          {name}
        </Menu.Item>
      ))}
    </>
  )
}

/** A list that the chosen begin. */
function NewList({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('')
  const [problem, setProblem] = useState('')

  async function submit(event: FormEvent) {
    event.preventDefault()
    try {
      const made = await api.post<ContactList>('/contact-lists', { name: name.trim() })
      void queryClient.invalidateQueries({ queryKey: ['contact-lists'] })
      onClose()
      await changePeople({ type: 'lists', add: [made.id], remove: [] }, `put on ${made.name}`)
    } catch (error) {
      setProblem(messageOf(error))
    }
  }

  return (
    <Dialog onClose={onClose} title="New list" size={400}>
      <form className={p.dialog} onSubmit={(event) => void submit(event)}>
        <TextInput label="Name" data-autofocus maxLength={100} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <Problem text={problem} />
        <div className={p.dialogFoot}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" disabled={!name.trim()}>
            Make it
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function Choice({ label, disabled = false, children }: { label: string; disabled?: boolean; children: ReactNode }) {
  return (
    <Menu position="top" width={210}>
      <Menu.Target>
        <Button size="compact-sm" variant="default" disabled={disabled}>
          {label}
        </Button>
      </Menu.Target>
      <Menu.Dropdown className={s.menu}>{children}</Menu.Dropdown>
    </Menu>
  )
}
