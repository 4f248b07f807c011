import { ActionIcon, Button, Textarea, VisuallyHidden } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, messageOf } from '../../lib/api'
import { useCan } from '../../lib/session'
import { toast } from '../../lib/toast'
import type { Account, PriceList } from '../../lib/types'
import { regionName } from '../../inbox/composer/preview'
import { ErrorState } from '../../ui/ErrorState'
import { Skeleton } from '../../ui/Skeleton'
import { IconPlus, IconTrash } from '../../ui/icons'
import { Problem } from '../parts/ConfirmDialog'
import { Panel } from '../parts/Panel'
import p from '../parts/parts.module.css'
import { ANYWHERE, fromPasted, merged, problemOf, toPrices, toRows, type PriceRow } from './prices'
import s from './channels.module.css'

/** What the provider takes for a message, by country, as its owner copied it from the provider's page. */
export function Prices({ account }: { account: Account }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['prices', account.id],
    queryFn: () => api.get<PriceList>(`/accounts/${account.id}/prices`),
  })
  return (
    <Panel
      title="Prices"
      text="Shown beside what agents write. Providers change them often: copy them from the provider’s price page. Where there is none, the composer says so."
    >
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : data ? (
        <Editor key={data.revision} account={account} kept={data} />
      ) : (
        <Skeleton height={90} />
      )}
    </Panel>
  )
}

function Editor({ account, kept }: { account: Account; kept: PriceList }) {
  const { categories } = kept
  const client = useQueryClient()
  const mayManage = useCan('accounts.manage')
  const [rows, setRows] = useState(() => toRows(kept.prices))
  const [pasted, setPasted] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const dirty = JSON.stringify(toPrices(rows, categories)) !== JSON.stringify(toPrices(toRows(kept.prices), categories))

  const change = (at: number, to: Partial<PriceRow>) => setRows(rows.map((row, index) => (index === at ? { ...row, ...to } : row)))

  async function save() {
    const wrong = rows.map(problemOf).find(Boolean)
    setProblem(wrong ?? '')
    if (wrong) return
    setBusy(true)
    try {
      const body = { prices: toPrices(rows, categories), revision: kept.revision }
      client.setQueryData(['prices', account.id], await api.put<PriceList>(`/accounts/${account.id}/prices`, body))
      toast('Prices saved.')
    } catch (error) {
      setProblem(messageOf(error))
    }
    setBusy(false)
  }

  function paste() {
    const more = fromPasted(pasted ?? '', categories)
    setProblem(more.length === 0 ? 'No line of this is a price: country, amounts and currency, with tabs or commas between.' : '')
    if (more.length === 0) return
    setRows(merged(rows, more))
    setPasted(null)
  }

  if (!mayManage && rows.length === 0) return <p className={s.priceHint}>Nobody has set prices for this account.</p>
  return (
    <div className={s.prices}>
      {rows.length > 0 && (
        <div className={p.tableWrap}>
          <table className={p.table}>
            <thead>
              <tr>
                <th>Country</th>
                {categories.map(({ key, label, unit }) => (
                  <th key={key}>
                    {label} <small>per {unit}</small>
                  </th>
                ))}
                <th>Currency</th>
                {mayManage && (
                  <th>
                    <VisuallyHidden>Remove</VisuallyHidden>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {rows.map((row, at) => (
                <tr key={at}>
                  <td>
                    <Cell label={`Country ${at + 1}`} value={row.country} width={3} readOnly={!mayManage} onChange={(country) => change(at, { country })} />
                    <small>{row.country === ANYWHERE ? 'All others' : regionName(row.country)}</small>
                  </td>
                  {categories.map(({ key, label }) => (
                    <td key={key}>
                      <Cell
                        label={`${label}, ${row.country || at + 1}`}
                        value={row.amounts[key] ?? ''}
                        width={9}
                        readOnly={!mayManage}
                        onChange={(amount) => change(at, { amounts: { ...row.amounts, [key]: amount } })}
                      />
                    </td>
                  ))}
                  <td>
                    <Cell label={`Currency, ${row.country || at + 1}`} value={row.currency} width={4} readOnly={!mayManage} onChange={(currency) => change(at, { currency })} />
                  </td>
                  {mayManage && (
                    <td>
                      <ActionIcon aria-label={`Remove ${row.country || 'the line'}`} onClick={() => setRows(rows.filter((_, index) => index !== at))}>
                        <IconTrash size={16} />
                      </ActionIcon>
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {pasted !== null && (
        <div className={s.pricePaste}>
          <Textarea
            label="Lines of a spreadsheet"
            description={`Country, ${categories.map(({ label }) => label.toLowerCase()).join(', ')}, currency; * stands for all other countries.`}
            placeholder={`GH\t${categories.map(() => '0.0123').join('\t')}\tUSD`}
            value={pasted}
            onChange={(event) => setPasted(event.currentTarget.value)}
            autosize
            minRows={3}
            maxRows={10}
            data-autofocus
          />
          <Button variant="default" onClick={paste}>
            Take these
          </Button>
        </div>
      )}
      <Problem text={problem} />
      {mayManage && (
        <div className={s.priceFoot}>
          <Button
            variant="default"
            leftSection={<IconPlus size={15} />}
            onClick={() => setRows([...rows, { country: rows.length === 0 ? ANYWHERE : '', amounts: {}, currency: rows.at(-1)?.currency ?? '' }])}
          >
            Add a country
          </Button>
          {pasted === null && (
            <Button variant="default" onClick={() => setPasted('')}>
              Paste a table
            </Button>
          )}
          <Button disabled={!dirty} loading={busy} onClick={() => void save()}>
            Save prices
          </Button>
        </div>
      )}
    </div>
  )
}

interface CellProps {
  label: string
  value: string
  /** in characters */
  width: number
  readOnly: boolean
  onChange: (value: string) => void
}

function Cell({ label, value, width, readOnly, onChange }: CellProps) {
  return (
    <input
      className={s.priceCell}
      style={{ width: `calc(${width}ch + 22px)` }}
      aria-label={label}
      value={value}
      readOnly={readOnly}
      spellCheck={false}
      autoComplete="off"
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}
