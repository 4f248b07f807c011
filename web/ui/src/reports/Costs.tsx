import { SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type CSSProperties } from 'react'
import { minor } from '../broadcasts/money'
import { CampaignLink } from '../campaigns/CampaignLink'
import { regionName } from '../inbox/composer/preview'
import { api, query } from '../lib/api'
import { count, plural } from '../lib/format'
import { useCan } from '../lib/session'
import type { Spending, SpendingBy, SpendingRow } from '../lib/types'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState } from '../ui/ErrorState'
import { IconDownload, IconReceipt } from '../ui/icons'
import { Skeleton } from '../ui/Skeleton'
import { Budgets } from './Budgets'
import { longDay } from './days'
import type { DaySpan } from './Span'
import s from './reports.module.css'

const BY: { value: SpendingBy; label: string }[] = [
  { value: 'day', label: 'Days' },
  { value: 'broadcast', label: 'Broadcasts' },
  { value: 'channel', label: 'Channels' },
  { value: 'account', label: 'Accounts' },
  { value: 'country', label: 'Countries' },
  { value: 'category', label: 'Kinds' },
]

/** What messages have cost, and how much they may cost in a month. */
export function Costs({ days }: { days: DaySpan }) {
  const [by, setBy] = useState<SpendingBy>('day')
  const asked = query({ first: days.first, last: days.last, by })
  const { data, error, refetch } = useQuery({
    queryKey: ['spending', days, by],
    queryFn: ({ signal }) => api.get<Spending>(`/spending${asked}`, signal),
    placeholderData: (previous) => previous,
    staleTime: 30_000,
  })
  if (error && !data) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!data) return <Skeleton height={300} />
  return (
    <>
      <section className={s.panel} aria-label="What messages have cost">
        <header className={s.panelHead}>
          <h2>What messages have cost</h2>
          <p>{data.definition}</p>
        </header>
        {data.total.length === 0 ? (
          <EmptyState
            icon={IconReceipt}
            title="Nothing was spent in these days"
            text="Costs are counted from the day on which an account has prices: Settings, Channels, the account, Prices."
          />
        ) : (
          <>
            <dl className={s.costTotals}>
              {data.total.map((each) => (
                <div key={each.currency}>
                  <dt>{plural(each.messages, 'message')}</dt>
                  <dd>{minor(each.minor, each.currency)}</dd>
                  {each.unpriced > 0 && <dd className={s.costHint}>{count(each.unpriced)} of them have no price on the list, and are not in it</dd>}
                </div>
              ))}
            </dl>
            <SegmentedControl className={s.costBy} size="xs" aria-label="Costs by" value={by} data={BY} onChange={(value) => setBy(value as SpendingBy)} />
            <Rows rows={data.rows} by={data.by} />
          </>
        )}
      </section>
      <Budgets />
      {data.total.length > 0 && (
        <p className={s.foot}>
          Days are those of the workspace.{' '}
          <a href={`/api/v1/spending/csv${asked}`} download>
            <IconDownload size={14} aria-hidden /> Download as CSV
          </a>
        </p>
      )}
    </>
  )
}

function Rows({ rows, by }: { rows: SpendingRow[]; by: SpendingBy }) {
  const most = Math.max(1, ...rows.map((row) => row.minor))
  return (
    <div className={s.tableWrap} tabIndex={0} role="group" aria-label="Table of costs">
      <table className={s.costs} aria-label="Costs">
        <thead>
          <tr>
            <th scope="col">{BY.find((each) => each.value === by)?.label}</th>
            <th scope="col">
              <span className="visually-hidden">Share</span>
            </th>
            <th scope="col">Messages</th>
            <th scope="col">Cost</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.id} ${row.currency}`}>
              <th scope="row">
                <Name row={row} by={by} />
              </th>
              <td>{row.minor > 0 && <span className={s.bar} aria-hidden style={{ '--share': row.minor / most } as CSSProperties} />}</td>
              <td>{count(row.messages)}</td>
              <td>{row.unpriced === row.messages ? 'no price' : minor(row.minor, row.currency)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Name({ row, by }: { row: SpendingRow; by: SpendingBy }) {
  const mayLook = useCan('broadcasts.read')
  if (by === 'day') return longDay(row.id)
  if (by === 'country' && row.id) return regionName(row.id)
  if (by === 'broadcast' && row.id && mayLook) return <CampaignLink to={`broadcasts/${row.id}`}>{row.label}</CampaignLink>
  return row.label
}
