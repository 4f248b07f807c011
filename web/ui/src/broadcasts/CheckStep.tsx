import { Button } from '@mantine/core'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { CampaignLink } from '../campaigns/CampaignLink'
import { regionName, categoryName } from '../inbox/composer/preview'
import { ApiError, api, messageOf } from '../lib/api'
import { ago, count, plural } from '../lib/format'
import { queryClient } from '../lib/query'
import type { BroadcastCheck } from '../lib/types'
import { Panel } from '../settings/parts/Panel'
import p from '../settings/parts/parts.module.css'
import { IconAlertTriangle, IconCheck, IconRefresh } from '../ui/icons'
import { Skeleton } from '../ui/Skeleton'
import type { StepProps } from './Composer'
import { Names, type WhichNames } from './Names'
import { Waterfall } from './Waterfall'
import { minor } from './money'
import { lacking, nameOf } from './ready'
import s from './broadcasts.module.css'

const COUNTING_MS = 1_000

/** Looks again while people are still being counted. */
export const checkQuery = (id: string) =>
  queryOptions({
    queryKey: ['broadcasts', id, 'check'],
    queryFn: ({ signal }) => api.get<BroadcastCheck>(`/broadcasts/${id}/check`, signal),
    refetchInterval: (current) => (current.state.data?.state === 'counting' ? COUNTING_MS : false),
    staleTime: 0,
    retry: false,
  })

/** Who gets it, who does not and why, what it costs, and what somebody should look at: worked out for each person. */
export function CheckStep({ draft, flush }: StepProps) {
  const missing = lacking(draft)
  return missing.length > 0 ? (
    <Panel title="Not ready to be checked">
      <ul className={s.checks}>
        {missing.map((each) => (
          <li key={each.text} data-tone="warn">
            <IconAlertTriangle size={16} aria-hidden />
            <CampaignLink to={`broadcasts/${draft.id}/${each.step}`}>{each.text}</CampaignLink>
          </li>
        ))}
      </ul>
    </Panel>
  ) : (
    <Checked draft={draft} flush={flush} />
  )
}

function Checked({ draft, flush }: Pick<StepProps, 'draft' | 'flush'>) {
  const { id } = draft
  const [which, setWhich] = useState<WhichNames | null>(null)
  const [problem, setProblem] = useState<unknown>(null)
  // One that nobody has checked yet has no number of people, and no check to be read.
  const [begun, setBegun] = useState(draft.people !== null)
  const { data, isPending } = useQuery({ ...checkQuery(id), enabled: begun })
  const stale = !data?.fresh

  async function check() {
    setProblem(null)
    try {
      if (await flush()) queryClient.setQueryData(checkQuery(id).queryKey, await api.post<BroadcastCheck>(`/broadcasts/${id}/check`))
      setBegun(true)
    } catch (error) {
      setProblem(error)
    }
  }
  useEffect(() => {
    // What was checked before it was changed says nothing any more.
    if (stale && !(begun && isPending) && draft.may.edit) void check()
  }, [draft.revision, begun && isPending])

  if (problem) {
    const fields = problem instanceof ApiError ? problem.fields : []
    return (
      <Panel title="It cannot be checked">
        <p role="alert">{messageOf(problem)}</p>
        {fields.length > 1 && (
          <ul className={s.checks}>
            {fields.map((each) => (
              <li key={each.field + each.message} data-tone="warn">
                <IconAlertTriangle size={16} aria-hidden /> {each.message}
              </li>
            ))}
          </ul>
        )}
        <Button variant="default" onClick={() => void check()}>
          Check again
        </Button>
      </Panel>
    )
  }
  if (!data) return <Skeleton height={320} />
  if (data.state === 'failed') {
    return (
      <Panel title="It could not be checked" text={data.why}>
        <Button variant="default" onClick={() => void check()}>
          Check again
        </Button>
      </Panel>
    )
  }
  return (
    <div className={s.stack}>
      <Panel
        title="Who gets it"
        text={data.state === 'counting' ? 'Being worked out for each person…' : `Worked out for each person, ${ago(data.at)}. It is asked again when each message goes.`}
        actions={
          <Button variant="default" size="xs" leftSection={<IconRefresh size={14} />} loading={data.state === 'counting'} onClick={() => void check()}>
            Check again
          </Button>
        }
      >
        <Waterfall
          total={data.total}
          exact={data.state === 'ready'}
          steps={data.steps}
          willing={data.willing}
          onNames={(step) => setWhich({ title: `${count(step.count)} ${step.label}`, text: step.fix, path: 'check/people', asked: { reason: step.reason } })}
        />
      </Panel>
      {data.variants.length > 1 && (
        <Panel title="Who gets which">
          <dl className={p.facts}>
            {data.variants.map((each) => (
              <div key={each.key}>
                <dt>{nameOf(draft.plan, each.key)}</dt>
                <dd>{count(each.count)}</dd>
              </div>
            ))}
          </dl>
        </Panel>
      )}
      <Cost check={data} budget={draft.plan.budget_minor} />
      <Panel title="To look at">
        <ul className={s.checks}>
          {data.warnings.map((each) => (
            <li key={each.code + each.message} data-tone="warn">
              <IconAlertTriangle size={16} aria-hidden /> {each.message}
            </li>
          ))}
          {data.warnings.length === 0 && (
            <li>
              <IconCheck size={16} aria-hidden /> Nothing: templates, variables, links and limits are in order.
            </li>
          )}
        </ul>
      </Panel>
      {which && <Names id={id} which={which} onClose={() => setWhich(null)} />}
    </div>
  )
}

function Cost({ check: { cost }, budget }: { check: BroadcastCheck; budget: number | null }) {
  if (!cost) return null
  const over = budget !== null && cost.minor > budget
  return (
    <Panel
      title="What it costs"
      text={over ? `More than its budget of ${minor(budget, cost.currency)}: it stops when that is spent.` : 'By the price list of the sender. Tests and tries are not counted.'}
      flush
    >
      <div className={p.tableWrap}>
        <table className={p.table} aria-label="Cost">
          <thead>
            <tr>
              <th>To</th>
              <th>As</th>
              <th data-end>How many</th>
              <th data-end>Cost</th>
            </tr>
          </thead>
          <tbody>
            {cost.by.map((line) => (
              <tr key={`${line.country} ${line.category} ${line.unit}`}>
                <td>{line.country ? regionName(line.country) : 'Anywhere'}</td>
                <td>{categoryName(line.category)}</td>
                <td data-end>{plural(line.units, line.unit)}</td>
                <td data-end>{line.minor === null ? 'no price set' : minor(line.minor, cost.currency)}</td>
              </tr>
            ))}
            <tr className={s.sum}>
              <td colSpan={3}>{cost.exact ? 'In all' : 'In all, about'}</td>
              <td data-end>{cost.currency ? minor(cost.minor, cost.currency) : 'nobody knows'}</td>
            </tr>
          </tbody>
        </table>
      </div>
    </Panel>
  )
}
