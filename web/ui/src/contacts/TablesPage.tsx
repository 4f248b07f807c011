import { Button, FileButton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { api, messageOf } from '../lib/api'
import { ago, plural } from '../lib/format'
import { queryClient } from '../lib/query'
import { useCan } from '../lib/session'
import { setTitle } from '../lib/title'
import { toastError } from '../lib/toast'
import type { ContactExport, ContactImport } from '../lib/types'
import { Problem } from '../settings/parts/ConfirmDialog'
import { Badge } from '../ui/Badge'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState, NoPermission } from '../ui/ErrorState'
import { IconUsers } from '../ui/icons'
import { Skeleton } from '../ui/Skeleton'
import { ImportSteps } from './ImportSteps'
import { exportsQuery, importsQuery, uploadTable } from './imports'
import s from './tables.module.css'

const STATES: Record<ContactImport['state'], string> = {
  uploaded: 'not begun',
  checking: 'being tried out',
  checked: 'tried out',
  running: 'under way',
  done: 'done',
  cancelled: 'stopped',
  failed: 'failed',
}

/** Tables of people, in and out. */
export default function TablesPage() {
  const allowed = useCan('contacts.write')
  const { importId } = useParams({ strict: false })
  useEffect(() => setTitle('Import and export · Parley'), [])
  return <main className={s.page}>{!allowed ? <NoPermission /> : importId ? <ImportSteps key={importId} id={importId} /> : <Overview />}</main>
}

function Overview() {
  const navigate = useNavigate()
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const made = useQuery(importsQuery)
  const written = useQuery(exportsQuery)

  async function take(file: File | null) {
    if (!file) return
    setBusy(true)
    setProblem('')
    try {
      const id = await uploadTable(file)
      void queryClient.invalidateQueries({ queryKey: importsQuery.queryKey })
      await navigate({ to: '/imports/$importId', params: { importId: id } })
    } catch (error) {
      setProblem(messageOf(error))
    }
    setBusy(false)
  }

  async function writeAll() {
    try {
      await api.post<ContactExport>('/exports', { label: 'All contacts' })
      void queryClient.invalidateQueries({ queryKey: exportsQuery.queryKey })
    } catch (error) {
      toastError('Nothing is exported', error)
    }
  }

  const error = made.error ?? written.error
  return (
    <>
      <header className={s.head}>
        <div>
          <Link to="/contacts">Contacts</Link>
          <h1>Import and export</h1>
        </div>
        <div className={s.actions}>
          <Button variant="default" onClick={() => void writeAll()}>
            Export all contacts
          </Button>
          <FileButton accept=".csv,.tsv,.txt,text/csv" onChange={(file) => void take(file)} inputProps={{ 'aria-label': 'Table of people' }}>
            {(props) => (
              <Button {...props} loading={busy}>
                Import a table
              </Button>
            )}
          </FileButton>
        </div>
      </header>
      <Problem text={problem} />
      {error ? (
        <ErrorState error={error} onRetry={() => void Promise.all([made.refetch(), written.refetch()])} />
      ) : !made.data || !written.data ? (
        <Skeleton height={160} />
      ) : made.data.length + written.data.length === 0 ? (
        <EmptyState
          icon={IconUsers}
          title="No tables yet"
          text="Import people from a CSV file of any program. You see what it would do before anything changes, and importing the same file twice does no harm."
        />
      ) : (
        <>
          {made.data.length > 0 && (
            <section aria-label="Imports">
              <h2>Imports</h2>
              <ul className={s.rows}>
                {made.data.map((each) => (
                  <li key={each.id}>
                    <Link to="/imports/$importId" params={{ importId: each.id }}>
                      {each.name}
                    </Link>
                    <Badge tone={each.state === 'done' ? 'ok' : each.state === 'failed' ? 'danger' : 'neutral'}>{STATES[each.state]}</Badge>
                    <small>
                      {each.by_name}, {ago(each.created_at)}
                      {each.state === 'done' && ` · ${plural(each.created, 'new contact')}, ${each.updated} updated, ${each.refused} refused`}
                    </small>
                  </li>
                ))}
              </ul>
            </section>
          )}
          {written.data.length > 0 && (
            <section aria-label="Exports">
              <h2>Exports</h2>
              <ul className={s.rows}>
                {written.data.map((each) => (
                  <li key={each.id}>
                    {each.state === 'done' ? <a href={`/api/v1/exports/${each.id}/file`}>{each.label}</a> : <span>{each.label}</span>}
                    <Badge tone={each.state === 'done' ? 'ok' : 'neutral'}>{each.state === 'done' ? 'ready' : 'being written'}</Badge>
                    <small>
                      {each.by_name}, {ago(each.created_at)} · {plural(each.written, 'contact')}
                      {each.expires_at && ' · kept for a week'}
                    </small>
                  </li>
                ))}
              </ul>
            </section>
          )}
        </>
      )}
    </>
  )
}
