import { Button, Checkbox, NativeSelect, Progress, TextInput, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { ApiError, api, messageOf } from '../lib/api'
import { count, plural } from '../lib/format'
import { queryClient } from '../lib/query'
import type { ContactImport, ContactImportOptions } from '../lib/types'
import { Problem } from '../settings/parts/ConfirmDialog'
import { Panel } from '../settings/parts/Panel'
import p from '../settings/parts/parts.module.css'
import { ErrorState } from '../ui/ErrorState'
import { Skeleton } from '../ui/Skeleton'
import { useLists } from './contactLists'
import { importQuery, isBusy } from './imports'
import s from './tables.module.css'

/** One table on its way: what its columns are, what it would do, what it did. */
export function ImportSteps({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(importQuery(id))
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!data) return <Skeleton height={300} />
  return (
    <>
      <header className={s.head}>
        <div>
          <Link to="/imports">Import and export</Link>
          <h1>{data.name}</h1>
        </div>
      </header>
      {data.state === 'failed' && <Problem text={data.why ?? 'This import failed.'} />}
      {isBusy(data) || data.state === 'done' ? <Standing data={data} /> : <Settings data={data} />}
    </>
  )
}

const RULES = {
  fill: 'Keep what is there, and fill in what is missing',
  overwrite: 'Replace it by what the table says',
  skip: 'Leave those contacts as they are',
} as const

function Settings({ data }: { data: ContactImport }) {
  const lists = useLists()
  const [options, setOptions] = useState<ContactImportOptions>(data.options ?? { mapping: data.suggested, rule: 'fill', channels: ['sms'] })
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)
  const set = (change: Partial<ContactImportOptions>) => setOptions({ ...options, ...change })
  const consent = options.consent ?? null
  const dated = options.mapping.includes('consent_at')
  const targets = [{ value: '', label: 'Leave out' }, ...data.targets.map(({ name, label }) => ({ value: name, label }))]

  async function go(what: 'check' | 'start') {
    setBusy(true)
    setProblem('')
    try {
      queryClient.setQueryData(importQuery(data.id).queryKey, await api.post<ContactImport>(`/imports/${data.id}/${what}`, options))
    } catch (error) {
      const wrong = error instanceof ApiError ? error.fields.map((field) => field.message) : []
      setProblem(wrong.length > 0 ? wrong.join(' ') : messageOf(error))
    }
    setBusy(false)
  }

  return (
    <>
      <Panel title="Columns" text="What each column is. Rows need a phone number, an e-mail address or an id of yours." flush>
        <div className={s.scroll} tabIndex={0} role="group" aria-label="Columns of the table">
          <table className={s.table}>
            <thead>
              <tr>
                <th>Column</th>
                <th>First rows</th>
                <th>Is</th>
              </tr>
            </thead>
            <tbody>
              {data.header.map((column, at) => (
                <tr key={at}>
                  <th scope="row">{column || `Column ${at + 1}`}</th>
                  <td>{data.rows.map((row) => row[at]).filter(Boolean).slice(0, 2).join(', ') || '–'}</td>
                  <td>
                    <NativeSelect
                      size="xs"
                      aria-label={`${column || `Column ${at + 1}`} is`}
                      value={options.mapping[at] ?? ''}
                      data={targets}
                      onChange={(event) => set({ mapping: options.mapping.map((target, index) => (index === at ? event.currentTarget.value : target)) })}
                    />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Panel>
      <Panel title="People" text="Who is here already is found by their number, address or id, so importing a table twice does no harm.">
        <div className={s.pair}>
          <NativeSelect
            label="Where a contact has a value already"
            value={options.rule ?? 'fill'}
            data={Object.entries(RULES).map(([value, label]) => ({ value, label }))}
            onChange={(event) => set({ rule: event.currentTarget.value as keyof typeof RULES })}
          />
          <NativeSelect
            label="Put them on a list"
            value={options.list_id ?? ''}
            data={[{ value: '', label: 'No list' }, ...lists.map(({ id, name }) => ({ value: id, label: name }))]}
            onChange={(event) => set({ list_id: event.currentTarget.value || null })}
          />
        </div>
        {options.mapping.includes('phone') && (
          <Checkbox.Group label="Their numbers are on" value={[...(options.channels ?? [])]} onChange={(chosen) => set({ channels: chosen as ('sms' | 'whatsapp')[] })}>
            <div className={s.checks}>
              <Checkbox value="sms" label="SMS" />
              <Checkbox value="whatsapp" label="WhatsApp" />
            </div>
          </Checkbox.Group>
        )}
      </Panel>
      <Panel title="Consent" text="Nobody gets marketing who has not agreed to it. If these people have, say how; it is kept as evidence for each of them.">
        <Checkbox
          label="They agreed to marketing"
          checked={consent !== null}
          onChange={(event) => set({ consent: event.currentTarget.checked ? { source: '', wording: '', at: null } : null })}
        />
        {consent && (
          <div className={s.pair}>
            <TextInput
              label="Where they agreed"
              placeholder="Form on our site, card at the till…"
              value={consent.source}
              maxLength={200}
              onChange={(event) => set({ consent: { ...consent, source: event.currentTarget.value } })}
            />
            {dated ? (
              <p className={p.muted}>When they agreed is in the table; who has no date there has not agreed.</p>
            ) : (
              <TextInput
                label="When"
                type="date"
                value={consent.at?.slice(0, 10) ?? ''}
                onChange={(event) => set({ consent: { ...consent, at: event.currentTarget.value ? `${event.currentTarget.value}T00:00:00Z` : null } })}
              />
            )}
            <Textarea
              label="The words that they saw"
              placeholder="Yes, send me offers by SMS."
              autosize
              maxLength={2000}
              value={consent.wording}
              onChange={(event) => set({ consent: { ...consent, wording: event.currentTarget.value } })}
            />
          </div>
        )}
      </Panel>
      {data.state === 'checked' && (
        <Panel title="What it would do" text="Nothing has been changed yet.">
          <Figures data={data} />
          <Problems data={data} />
        </Panel>
      )}
      <Problem text={problem} />
      <div className={s.foot}>
        <Button variant="default" loading={busy} onClick={() => void go('check')}>
          Try it out
        </Button>
        <Button loading={busy} onClick={() => void go('start')}>
          Import
        </Button>
      </div>
    </>
  )
}

function Standing({ data }: { data: ContactImport }) {
  const [problem, setProblem] = useState('')
  const percent = Math.round(data.share * 100)

  async function stop() {
    try {
      queryClient.setQueryData(importQuery(data.id).queryKey, await api.post<ContactImport>(`/imports/${data.id}/cancel`))
    } catch (error) {
      setProblem(messageOf(error))
    }
  }

  return (
    <Panel
      title={data.state === 'done' ? 'Done' : data.state === 'checking' ? 'Trying it out' : 'Importing'}
      text={data.state === 'done' ? undefined : 'It goes on if you leave this page.'}
      actions={
        data.state === 'done' ? (
          <Button component="a" variant="default" href={`/api/v1/imports/${data.id}/results`}>
            Result of each row
          </Button>
        ) : (
          <Button variant="default" onClick={() => void stop()}>
            Stop
          </Button>
        )
      }
    >
      {data.state !== 'done' && <Progress value={percent} size="lg" aria-label="How far it is" />}
      <Figures data={data} />
      <Problems data={data} />
      <Problem text={problem} />
    </Panel>
  )
}

function Figures({ data }: { data: ContactImport }) {
  const would = data.state === 'checked' || data.state === 'checking'
  const rows: [string, number][] = [
    [would ? 'New contacts' : 'Contacts made', data.created],
    [would ? 'Would be updated' : 'Updated', data.updated],
    ['Unchanged', data.unchanged],
    ['Refused', data.refused],
    ['Consent recorded', data.consented],
  ]
  return (
    <dl className={s.figures} aria-live="polite">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{count(value)}</dd>
        </div>
      ))}
    </dl>
  )
}

function Problems({ data }: { data: ContactImport }) {
  if (data.problems.length === 0) return null
  return (
    <section aria-label="Problems">
      <h3>{plural(data.refused, 'row is refused', 'rows are refused')}</h3>
      <ul className={s.problems}>
        {data.problems.map((each) => (
          <li key={each.row}>
            <b>Line {each.row}</b> {each.reason}
          </li>
        ))}
      </ul>
      {data.refused > data.problems.length && <p className={p.muted}>The others are in the result of each row.</p>}
    </section>
  )
}
