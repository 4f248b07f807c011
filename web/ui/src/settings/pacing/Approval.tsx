import { Button, NumberInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, messageOf } from '../../lib/api'
import { queryClient } from '../../lib/query'
import { useCan } from '../../lib/session'
import { toast } from '../../lib/toast'
import type { BroadcastSettings } from '../../lib/types'
import { Problem } from '../parts/ConfirmDialog'
import { Panel } from '../parts/Panel'
import p from '../parts/parts.module.css'

const KEY = ['broadcast-settings']

/** From which size on a broadcast is looked at by a second person. */
export function Approval() {
  const { data } = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => api.get<BroadcastSettings>('/broadcasts/settings', signal),
    enabled: useCan('broadcasts.read'),
  })
  return data && <Form key={data.revision} stored={data} />
}

function Form({ stored }: { stored: BroadcastSettings }) {
  const mayChange = useCan('broadcasts.approve')
  const [settled, setSettled] = useState(stored)
  const [problem, setProblem] = useState('')
  const number = (value: string | number) => (value === '' ? null : Math.max(0, Math.round(Number(value))))
  const money = (value: string | number) => (Number(value) > 0 ? Math.round(Number(value) * 100) : null)

  async function save() {
    setProblem('')
    try {
      queryClient.setQueryData(KEY, await api.put<BroadcastSettings>('/broadcasts/settings', settled))
      toast('Saved')
    } catch (error) {
      setProblem(messageOf(error))
    }
  }

  return (
    <Panel
      title="A second person"
      text="Looks at a broadcast before it can go, if it goes to more people, or costs more, than one may decide alone."
      actions={
        mayChange && (
          <Button variant="default" disabled={settled === stored} onClick={() => void save()}>
            Apply
          </Button>
        )
      }
    >
      <div className={p.pair}>
        <NumberInput
          label="More people than"
          placeholder="Never by their number"
          min={0}
          allowDecimal={false}
          disabled={!mayChange}
          value={settled.people_above ?? ''}
          onChange={(value) => setSettled({ ...settled, people_above: number(value) })}
        />
        <NumberInput
          label="Dearer than"
          placeholder="Never by its cost"
          min={0}
          decimalScale={2}
          disabled={!mayChange}
          value={settled.cost_above_minor === null ? '' : settled.cost_above_minor / 100}
          onChange={(value) => setSettled({ ...settled, cost_above_minor: money(value) })}
        />
      </div>
      <Problem text={problem} />
    </Panel>
  )
}
