import { ActionIcon, Button, Menu, NativeSelect, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { ACTIONS, actionLabel } from '../../inbox/macros/macros'
import { ApiError, api, messageOf } from '../../lib/api'
import { useCan } from '../../lib/session'
import { toast } from '../../lib/toast'
import type { FieldProblem, Macro, MacroAction } from '../../lib/types'
import type { Rule } from '../../rules/rules'
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from '../../ui/icons'
import c from '../canned/canned.module.css'
import { Problem } from '../parts/ConfirmDialog'
import { Dialog } from '../parts/Dialog'
import p from '../parts/parts.module.css'
import { ActionFields } from './ActionFields'
import { Condition } from './Condition'
import s from './macros.module.css'

const TYPES = Object.keys(ACTIONS) as MacroAction['type'][]

/** What the server says of an action's condition, by the names that rules have. */
function conditionProblems(fields: FieldProblem[], place: number): FieldProblem[] {
  const before = `actions.${place}.when`
  return fields.filter(({ field }) => field.startsWith(before)).map((each) => ({ ...each, field: `rule${each.field.slice(before.length)}` }))
}

interface Item {
  key: string
  action: MacroAction
}

export function MacroDialog({ macro, onClose }: { macro: Macro | null; onClose: () => void }) {
  const client = useQueryClient()
  const manages = useCan('inbox.manage')
  const [name, setName] = useState(macro?.name ?? '')
  const [shared, setShared] = useState(macro?.shared ?? manages)
  const [rule, setRule] = useState((macro?.rule ?? null) as Rule | null)
  const [items, setItems] = useState<Item[]>(() => (macro?.actions ?? []).map((action) => ({ key: crypto.randomUUID(), action })))
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const fields = error instanceof ApiError ? error.fields : []
  const problemOf = (place: number) => fields.find(({ field }) => field.startsWith(`actions.${place}.`) && !field.startsWith(`actions.${place}.when`))?.message

  function move(place: number, by: number) {
    setItems((known) => {
      const item = known[place]
      return item ? known.toSpliced(place, 1).toSpliced(place + by, 0, item) : known
    })
  }

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setError(null)
    const body = { name, shared, rule, actions: items.map((item) => item.action) }
    try {
      if (macro) await api.patch(`/macros/${macro.id}`, { ...body, revision: macro.revision })
      else await api.post('/macros', body)
      void client.invalidateQueries({ queryKey: ['macros'] })
      toast(`${name} was saved.`)
      onClose()
    } catch (reason) {
      setError(reason)
      setBusy(false)
    }
  }

  return (
    <Dialog onClose={onClose} title={macro ? `Edit ${macro.name}` : 'New macro'} size={680} closeOnClickOutside={false}>
      <form className={p.dialog} onSubmit={(event) => void submit(event)}>
        <TextInput
          label="Name"
          placeholder="Refund approved"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={fields.find((each) => each.field === 'name')?.message}
          maxLength={120}
          autoComplete="off"
          required
          withAsterisk={false}
          data-autofocus
        />
        {manages && (
          <NativeSelect
            label="Who may use it"
            value={shared ? 'everyone' : 'me'}
            onChange={(event) => setShared(event.currentTarget.value === 'everyone')}
            data={[
              { value: 'everyone', label: 'Everyone' },
              { value: 'me', label: 'Only me' },
            ]}
            className={c.scope ?? ''}
          />
        )}
        <Condition of="this macro" rule={rule} problems={fields.filter(({ field }) => field.startsWith('rule'))} onChange={setRule} />
        <ol className={s.actions} aria-label="Actions, in order">
          {items.map(({ key, action }, place) => (
            <li key={key}>
              <div className={s.actionHead}>
                <b>
                  {place + 1}. {actionLabel(action.type)}
                </b>
                <ActionIcon aria-label={`Move action ${place + 1} up`} disabled={place === 0} onClick={() => move(place, -1)}>
                  <IconArrowUp size={16} />
                </ActionIcon>
                <ActionIcon aria-label={`Move action ${place + 1} down`} disabled={place === items.length - 1} onClick={() => move(place, 1)}>
                  <IconArrowDown size={16} />
                </ActionIcon>
                <ActionIcon aria-label={`Remove action ${place + 1}`} onClick={() => setItems((known) => known.toSpliced(place, 1))}>
                  <IconTrash size={16} />
                </ActionIcon>
              </div>
              <ActionFields
                action={action}
                place={place + 1}
                error={problemOf(place)}
                onChange={(next) => setItems((known) => known.with(place, { key, action: next }))}
              />
              <Condition
                of={`action ${place + 1}`}
                rule={(action.when ?? null) as Rule | null}
                problems={conditionProblems(fields, place)}
                onChange={(when) => setItems((known) => known.with(place, { key, action: { ...action, when } as MacroAction }))}
              />
            </li>
          ))}
        </ol>
        <Menu position="bottom-start" width={200}>
          <Menu.Target>
            <Button variant="default" size="compact-sm" className={s.add ?? ''} leftSection={<IconPlus size={15} />}>
              Add an action
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {TYPES.map((type) => (
              <Menu.Item key={type} onClick={() => setItems((known) => [...known, { key: crypto.randomUUID(), action: ACTIONS[type].empty }])}>
                {ACTIONS[type].label}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
        <Problem text={error && fields.length === 0 ? messageOf(error) : ''} />
        <div className={p.dialogFoot}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={!name.trim() || items.length === 0}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
