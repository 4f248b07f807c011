import { Button, NativeSelect, Switch, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { PhonePreview } from '../../inbox/composer/PhonePreview'
import { fillPreview, variableKey } from '../../inbox/composer/templates'
import { useReopener } from '../../inbox/deferred/deferred'
import { api, query } from '../../lib/api'
import { plural } from '../../lib/format'
import { useCan } from '../../lib/session'
import { toast, toastError } from '../../lib/toast'
import type { Account, Page, Template } from '../../lib/types'
import { Badge, type Tone } from '../../ui/Badge'
import { EmptyState } from '../../ui/EmptyState'
import { ErrorState } from '../../ui/ErrorState'
import { IconRefresh, IconSearch, IconTemplate } from '../../ui/icons'
import { Dialog } from '../parts/Dialog'
import { RowsSkeleton } from '../parts/PageSkeleton'
import { Panel } from '../parts/Panel'
import p from '../parts/parts.module.css'
import { qualityTone, qualityWord, sentence } from './health'
import s from './channels.module.css'

const FIRST_ROWS = 12

const TONES: Record<string, Tone> = { APPROVED: 'ok', PENDING: 'warn', IN_APPEAL: 'warn', PAUSED: 'warn', REJECTED: 'danger', DISABLED: 'danger' }

function StatusBadge({ status }: { status: string }) {
  return <Badge tone={TONES[status.toUpperCase()] ?? 'neutral'}>{sentence(status)}</Badge>
}

function languageName(code: string): string {
  try {
    return new Intl.DisplayNames(undefined, { type: 'language' }).of(code.replace('_', '-')) ?? code
  } catch {
    return code
  }
}

export function Templates({ account }: { account: Account }) {
  const client = useQueryClient()
  const allowed = useCan('templates.read')
  const key = ['templates', account.id]
  const { data, error, refetch } = useQuery({
    queryKey: key,
    queryFn: () => api.get<Page<Template>>(`/templates${query({ account_id: account.id })}`).then((page) => page.items),
    enabled: allowed,
  })
  const [syncing, setSyncing] = useState(false)
  const [search, setSearch] = useState('')
  const [status, setStatus] = useState('')
  const [all, setAll] = useState(false)
  const [shown, setShown] = useState<Template | null>(null)
  const reopener = useReopener(account.id, allowed)
  const reopens = ({ name, language }: Template) => reopener?.name === name && reopener.language === language
  if (!allowed) return null

  async function sync() {
    setSyncing(true)
    try {
      const { count } = await api.post<{ count: number }>(`/accounts/${account.id}/templates/sync`)
      await client.invalidateQueries({ queryKey: key })
      toast(`${plural(count, 'template')} fetched.`)
    } catch (reason) {
      toastError('The templates could not be fetched', reason)
    }
    setSyncing(false)
  }

  const statuses = [...new Set(data?.map((each) => each.status) ?? [])].toSorted()
  const wanted = search.trim().toLowerCase()
  const found = data?.filter(
    (each) =>
      (!status || each.status === status) &&
      (!wanted || each.name.includes(wanted.replaceAll(' ', '_')) || each.preview.body.toLowerCase().includes(wanted)),
  )
  const rows = all || wanted || status ? found : found?.slice(0, FIRST_ROWS)

  return (
    <Panel
      title="Templates"
      text="Messages that the provider has approved. Only they reach a customer once the reply window is closed."
      flush
      actions={
        <Button variant="default" leftSection={<IconRefresh size={16} />} loading={syncing} onClick={() => void sync()}>
          Sync
        </Button>
      }
    >
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !rows || !data ? (
        <RowsSkeleton />
      ) : data.length === 0 ? (
        <EmptyState
          icon={IconTemplate}
          title="No templates yet"
          text="Write one under Templates, or press Sync to fetch those that the provider has."
        />
      ) : (
        <>
          {data.length > 4 && (
            <div className={s.filters}>
              <TextInput
                aria-label="Search templates"
                placeholder="Search templates"
                leftSection={<IconSearch size={15} />}
                value={search}
                onChange={(event) => setSearch(event.currentTarget.value)}
              />
              <NativeSelect
                aria-label="Status"
                value={status}
                onChange={(event) => setStatus(event.currentTarget.value)}
                data={[{ value: '', label: 'Any status' }, ...statuses.map((each) => ({ value: each, label: sentence(each) }))]}
              />
            </div>
          )}
          <div className={p.tableWrap}>
            <table className={p.table} aria-label="Templates">
              <thead>
                <tr>
                  <th>Template</th>
                  <th data-wide>Language</th>
                  <th data-wide>Category</th>
                  <th>Status</th>
                  <th data-wide>Quality</th>
                </tr>
              </thead>
              <tbody>
                {rows.map((template) => (
                  <tr key={template.id}>
                    <td>
                      <button type="button" className={s.templateName} onClick={() => setShown(template)}>
                        <b>{template.name}</b>
                        <span>{template.preview.body}</span>
                      </button>
                    </td>
                    <td data-wide className={p.nowrap}>
                      {languageName(template.language)}
                    </td>
                    <td data-wide>{sentence(template.category)}</td>
                    <td>
                      <StatusBadge status={template.status} /> {reopens(template) && <Badge tone="ok">Re-opener</Badge>}
                    </td>
                    <td data-wide className={p.nowrap}>
                      <Quality quality={template.quality} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
            {rows.length === 0 && <p className={s.none}>No template fits.</p>}
          </div>
          {found && rows.length < found.length && (
            <div className={p.foot}>
              <Button variant="subtle" onClick={() => setAll(true)}>
                Show all {found.length}
              </Button>
            </div>
          )}
        </>
      )}
      {shown && <TemplateDialog template={shown} reopens={reopens(shown)} onClose={() => setShown(null)} />}
    </Panel>
  )
}

function Quality({ quality }: { quality: string | null }) {
  if (!quality || quality.toUpperCase() === 'UNKNOWN') return <span className={p.muted}>Not rated yet</span>
  return <Badge tone={qualityTone(quality)}>{qualityWord(quality)}</Badge>
}

interface TemplateDialogProps {
  template: Template
  /** it is the one that opens closed reply windows */
  reopens: boolean
  onClose: () => void
}

function TemplateDialog({ template, reopens, onClose }: TemplateDialogProps) {
  const client = useQueryClient()
  const mayChoose = useCan('templates.manage') && template.status === 'APPROVED' && template.category === 'UTILITY'

  async function choose() {
    const path = `/accounts/${template.account_id}/reopener`
    try {
      await (reopens ? api.delete(path) : api.post(path, { name: template.name, language: template.language }))
      await client.invalidateQueries({ queryKey: ['reopener', template.account_id] })
    } catch (error) {
      toastError('Not stored', error)
    }
  }

  const [filled, setFilled] = useState(true)
  const examples = Object.fromEntries(template.variables.map((each) => [variableKey(each), each.example ?? '']))
  const preview = filled ? fillPreview(template, examples) : template.preview
  return (
    <Dialog onClose={onClose} title={template.name} size={460}>
      <div className={p.dialog}>
        <div className={s.templateFacts}>
          <StatusBadge status={template.status} />
          <Badge>{sentence(template.category)}</Badge>
          <Badge>{languageName(template.language)}</Badge>
          {template.quality && template.quality !== 'UNKNOWN' && (
            <Badge tone={qualityTone(template.quality)}>Quality: {qualityWord(template.quality)}</Badge>
          )}
        </div>
        {template.rejected_reason && template.rejected_reason !== 'NONE' && (
          <p className={s.rejected}>The provider refused it: {sentence(template.rejected_reason)}.</p>
        )}
        <PhonePreview preview={preview} />
        {template.variables.length > 0 && (
          <Switch
            label="With the example values"
            checked={filled}
            onChange={(event) => setFilled(event.currentTarget.checked)}
          />
        )}
        {mayChoose && (
          <Switch
            label="Opens closed reply windows"
            description="When an agent writes to somebody whose window is closed, this template goes first; the words follow when they answer."
            checked={reopens}
            onChange={() => void choose()}
          />
        )}
      </div>
    </Dialog>
  )
}
