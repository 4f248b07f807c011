import { ActionIcon, Button, NumberInput, Progress, Select, Switch, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { minor } from '../broadcasts/money'
import { api, messageOf } from '../lib/api'
import { useCan } from '../lib/session'
import { toast } from '../lib/toast'
import type { Budget, Budgets as Kept } from '../lib/types'
import { Problem } from '../settings/parts/ConfirmDialog'
import { channelLabel } from '../ui/ChannelIcon'
import { ErrorState } from '../ui/ErrorState'
import { IconPlus, IconTrash } from '../ui/icons'
import { Skeleton } from '../ui/Skeleton'
import s from './reports.module.css'

const KEY = ['budgets']
const CHANNELS = ['whatsapp', 'sms'] as const

/** How much messages may cost in a month, how much of it is used, and what happens then. */
export function Budgets() {
  const mayManage = useCan('accounts.manage')
  const { data, error, refetch } = useQuery({ queryKey: KEY, queryFn: ({ signal }) => api.get<Kept>('/budgets', signal) })
  const [editing, setEditing] = useState(false)
  return (
    <section className={s.panel} aria-label="Budgets of the month">
      <header className={s.panelHead}>
        <h2>Budgets of the month</h2>
        <p>At 80 % and when it is used up, those who see to accounts and who approve broadcasts are told.</p>
        {mayManage && data && !editing && (
          <Button variant="default" size="xs" onClick={() => setEditing(true)}>
            {data.items.length > 0 ? 'Change' : 'Set a budget'}
          </Button>
        )}
      </header>
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Skeleton height={60} />
      ) : editing ? (
        <Editor kept={data} onDone={() => setEditing(false)} />
      ) : data.items.length === 0 ? (
        <p className={s.budgetHint}>None is set.</p>
      ) : (
        <ul className={s.budgets}>
          {data.items.map((budget) => (
            <Used key={`${budget.channel} ${budget.currency}`} budget={budget} />
          ))}
        </ul>
      )}
    </section>
  )
}

function Used({ budget }: { budget: Budget }) {
  const { minor: most, spent_minor: spent, currency, stops } = budget
  const name = budget.channel ? channelLabel(budget.channel) : 'All channels'
  return (
    <li>
      <span>
        <b>{name}</b>
        <small>
          {minor(spent, currency)} of {minor(most, currency)}
          {stops && ', then marketing stops'}
        </small>
      </span>
      <Progress value={Math.min(100, (100 * spent) / most)} color={spent >= most ? 'red' : spent >= 0.8 * most ? 'orange' : undefined} aria-label={`${name}: how much is used`} />
    </li>
  )
}

type Row = Pick<Budget, 'channel' | 'currency' | 'stops' | 'alarms'> & { amount: number | '' }

function Editor({ kept, onDone }: { kept: Kept; onDone: () => void }) {
  const client = useQueryClient()
  const empty: Row = { channel: null, currency: kept.items[0]?.currency ?? 'USD', stops: false, alarms: [80, 100], amount: '' }
  const [rows, setRows] = useState<Row[]>(() => (kept.items.length > 0 ? kept.items.map(({ minor: all, ...each }) => ({ ...each, amount: all / 100 })) : [empty]))
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)
  const change = (at: number, to: Partial<Row>) => setRows(rows.map((row, index) => (index === at ? { ...row, ...to } : row)))

  async function save() {
    if (rows.some((row) => row.amount === '' || row.amount <= 0 || !/^[A-Z]{3}$/.test(row.currency))) {
      setProblem('Each budget needs an amount above zero and a currency such as USD.')
      return
    }
    setBusy(true)
    try {
      const budgets = rows.map(({ channel, currency, stops, alarms, amount }) => ({ channel, currency, stops, alarms, minor: Math.round(Number(amount) * 100) }))
      client.setQueryData(KEY, await api.put<Kept>('/budgets', { budgets, revision: kept.revision }))
      toast('Budgets saved')
      onDone()
    } catch (error) {
      setProblem(messageOf(error))
      setBusy(false)
    }
  }

  return (
    <div className={s.budgetEditor}>
      {rows.map((row, at) => (
        <div key={at} className={s.budgetRow}>
          <Select
            label="For"
            value={row.channel ?? ''}
            data={[{ value: '', label: 'All channels' }, ...CHANNELS.map((value) => ({ value: value as string, label: channelLabel(value) }))]}
            onChange={(channel) => change(at, { channel: (channel || null) as Row['channel'] })}
            allowDeselect={false}
          />
          <NumberInput className={s.amount ?? ''} label="A month" value={row.amount} min={0} decimalScale={2} thousandSeparator onChange={(amount) => change(at, { amount: amount === '' ? '' : Number(amount) })} />
          <TextInput className={s.currency ?? ''} label="Currency" value={row.currency} maxLength={3} onChange={(event) => change(at, { currency: event.currentTarget.value.toUpperCase() })} />
          <Switch className={s.stops ?? ''} label="Stop marketing when it is used up" checked={row.stops} onChange={(event) => change(at, { stops: event.currentTarget.checked })} />
          <ActionIcon variant="subtle" color="gray" aria-label="Remove this budget" onClick={() => setRows(rows.filter((_, index) => index !== at))}>
            <IconTrash size={16} />
          </ActionIcon>
        </div>
      ))}
      {problem && <Problem text={problem} />}
      <div className={s.budgetButtons}>
        <Button variant="subtle" size="xs" leftSection={<IconPlus size={14} />} onClick={() => setRows([...rows, empty])}>
          Another budget
        </Button>
        <span />
        <Button variant="default" size="xs" onClick={onDone}>
          Cancel
        </Button>
        <Button size="xs" loading={busy} onClick={() => void save()}>
          Save budgets
        </Button>
      </div>
    </div>
  )
}
