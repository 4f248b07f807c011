import { Button, Menu, NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useAccounts } from '../inbox/capabilities'
import { api } from '../lib/api'
import { languageName, plural } from '../lib/format'
import { useCan } from '../lib/session'
import { toast, toastError } from '../lib/toast'
import { Badge } from '../ui/Badge'
import { channelLabel } from '../ui/ChannelIcon'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState } from '../ui/ErrorState'
import { IconAlertTriangle, IconPlus, IconRefresh, IconTemplate } from '../ui/icons'
import { SearchBox } from '../ui/SearchBox'
import { Skeleton } from '../ui/Skeleton'
import { qualityTone, qualityWord } from '../settings/channels/health'
import { EMPTY, GALLERY, NEW_BLOCK, NEW_CONTENT, begun, blocksQuery, contentsQuery, draftsQuery, newDraft, statusTone, templatesChanged, templatesQuery, words } from './templates'
import pane from '../ui/two-pane.module.css'
import s from './templates.module.css'

const LANGUAGE = (code: string) => languageName(code.replace('_', '-'))

interface Row {
  id: string
  name: string
  text: string
  language: string
  category: string
  status: string
  quality: string | null
  alarm: string | null
  accountId: string
}

/** What a provider reviews, rather than what is kept here alone. */
const isProviders = (row: Row) => row.status !== 'CONTENT' && row.status !== 'BLOCK'

export function TemplateList({ chosen }: { chosen: string | undefined }) {
  const navigate = useNavigate()
  const mayWrite = useCan('templates.manage')
  const accounts = (useAccounts() ?? []).filter((account) => account.capabilities.templates)
  const { data: templates, error, refetch } = useQuery(templatesQuery)
  const { data: drafts } = useQuery(draftsQuery)
  const { data: contents } = useQuery(contentsQuery)
  const { data: blocks } = useQuery(blocksQuery)
  const [search, setSearch] = useState('')
  const [filter, setFilter] = useState({ status: '', category: '', language: '', quality: '', account: '' })
  const [busy, setBusy] = useState(false)

  const rows: Row[] = [
    ...(drafts ?? []).map(({ id, draft, account_id, template_id }) => ({
      id,
      name: draft.name || 'Without a name',
      text: template_id ? `New version: ${draft.body ?? ''}` : (draft.body ?? ''),
      language: draft.language ?? 'en',
      category: draft.category ?? 'UTILITY',
      status: 'DRAFT',
      quality: null,
      alarm: null,
      accountId: account_id,
    })),
    ...(contents ?? []).map(({ id, name, channels, wordings }) => {
      const content = (wordings.find((each) => !each.language) ?? wordings[0])?.content
      return {
        id,
        name,
        text: !content ? '' : content.type === 'media' ? (content.caption ?? 'File') : content.text,
        language: wordings.map((each) => each.language ?? 'any').join(', '),
        category: channels.length > 0 ? channels.map(channelLabel).join(', ') : 'Any channel',
        status: 'CONTENT',
        quality: null,
        alarm: null,
        accountId: '',
      }
    }),
    ...(blocks ?? []).map(({ id, name, wordings, used_in }) => ({
      id,
      name,
      text: (wordings.find((each) => !each.language) ?? wordings[0])?.text ?? '',
      language: wordings.map((each) => each.language ?? 'any').join(', '),
      category: used_in.length > 0 ? `In ${plural(used_in.length, 'template')}` : 'Not used',
      status: 'BLOCK',
      quality: null,
      alarm: null,
      accountId: '',
    })),
    ...(templates ?? []).map((each) => ({
      id: each.id,
      name: each.name,
      text: each.preview.body,
      language: each.language,
      category: each.category,
      status: each.status,
      quality: each.quality && each.quality !== 'UNKNOWN' ? each.quality : null,
      alarm: each.alarm?.title ?? null,
      accountId: each.account_id,
    })),
  ]
  const wanted = search.trim().toLowerCase().replaceAll(' ', '_')
  const shown = rows
    .filter((row) => !wanted || row.name.includes(wanted) || row.text.toLowerCase().includes(search.trim().toLowerCase()))
    .filter((row) => !filter.status || row.status === filter.status)
    .filter((row) => !filter.category || row.category === filter.category)
    .filter((row) => !filter.language || row.language === filter.language)
    .filter((row) => !filter.quality || row.quality === filter.quality)
    .filter((row) => !filter.account || row.accountId === filter.account)
    .sort((a, b) => Number(Boolean(b.alarm)) - Number(Boolean(a.alarm)) || Number(b.status === 'DRAFT') - Number(a.status === 'DRAFT'))

  async function write(accountId: string) {
    try {
      const made = await newDraft(accountId, EMPTY)
      void navigate({ to: '/templates/$templateId', params: { templateId: made.id } })
    } catch (reason) {
      toastError('Not begun', reason)
    }
  }

  function writeContent() {
    begun.set(null)
    void navigate({ to: '/templates/$templateId', params: { templateId: NEW_CONTENT } })
  }

  async function sync() {
    setBusy(true)
    try {
      const counts = await Promise.all(accounts.map(({ id }) => api.post<{ count: number }>(`/accounts/${id}/templates/sync`)))
      toast(`${plural(counts.reduce((sum, each) => sum + each.count, 0), 'template')} fetched.`)
      templatesChanged()
    } catch (reason) {
      toastError('The templates could not be fetched', reason)
    }
    setBusy(false)
  }

  const choose = (name: keyof typeof filter, label: string, any: string, of: string[], say: (value: string) => string = words) => {
    const values = [...new Set(of)].filter(Boolean).toSorted()
    return values.length > 1 || filter[name] ? (
      <NativeSelect
        size="xs"
        aria-label={label}
        value={filter[name]}
        data={[{ value: '', label: any }, ...values.map((value) => ({ value, label: say(value) }))]}
        onChange={(event) => setFilter({ ...filter, [name]: event.currentTarget.value })}
      />
    ) : null
  }
  const accountName = (id: string) => accounts.find((account) => account.id === id)?.name ?? id

  return (
    <section className={pane.list} aria-label="Templates">
      <div className={pane.listHead}>
        <div className={s.listTitle}>
          <h1>Templates</h1>
          {accounts.length > 0 && (
            <Button size="xs" variant="default" leftSection={<IconRefresh size={15} />} loading={busy} onClick={() => void sync()}>
              Sync
            </Button>
          )}
          {mayWrite && (
            <Menu position="bottom-end">
              <Menu.Target>
                <Button size="xs" leftSection={<IconPlus size={15} />}>
                  New
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                {accounts.map((account) => (
                  <Menu.Item key={account.id} onClick={() => void write(account.id)}>
                    Template of {account.name}
                  </Menu.Item>
                ))}
                <Menu.Item onClick={writeContent}>Content for other channels</Menu.Item>
                <Menu.Item onClick={() => void navigate({ to: '/templates/$templateId', params: { templateId: NEW_BLOCK } })}>Content block</Menu.Item>
                <Menu.Divider />
                <Menu.Item onClick={() => void navigate({ to: '/templates/$templateId', params: { templateId: GALLERY } })}>
                  From the gallery…
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          )}
        </div>
        <SearchBox label="Search templates" placeholder="Search name or text" value={search} onChange={setSearch} />
        <div className={pane.filters}>
          {choose('status', 'Status', 'Any status', rows.map((row) => row.status))}
          {choose('category', 'Category', 'Any category', rows.filter(isProviders).map((row) => row.category))}
          {choose('language', 'Language', 'Any language', rows.filter(isProviders).map((row) => row.language), LANGUAGE)}
          {choose('quality', 'Quality', 'Any quality', rows.map((row) => row.quality ?? ''), qualityWord)}
          {choose('account', 'Account', 'Any account', rows.map((row) => row.accountId), accountName)}
        </div>
      </div>
      <div className={pane.rows}>
        {error && !templates ? (
          <ErrorState error={error} onRetry={() => void refetch()} />
        ) : !templates || !drafts ? (
          <div className={s.waiting} role="status" aria-label="Loading">
            <Skeleton height={62} />
            <Skeleton height={62} />
            <Skeleton height={62} />
          </div>
        ) : shown.length === 0 ? (
          <EmptyState
            icon={IconTemplate}
            title={rows.length > 0 ? 'No template fits' : 'No templates yet'}
            text={
              rows.length > 0
                ? 'Look for other words, or take a filter away.'
                : accounts.length > 0
                  ? 'Write one, or fetch those that the provider has.'
                  : 'Connect a WhatsApp number in Settings, under Channels.'
            }
          />
        ) : (
          <ul className={s.rows}>
            {shown.map((row) => (
              <li key={row.id}>
                <Link to="/templates/$templateId" params={{ templateId: row.id }} className={s.row} aria-current={row.id === chosen || undefined}>
                  <b>
                    {row.alarm && <IconAlertTriangle size={15} className={s.alarmMark} aria-label={row.alarm} />}
                    {row.name}
                  </b>
                  <span>{row.text}</span>
                  <small>
                    <Badge tone={statusTone(row.status)}>{words(row.status)}</Badge>
                    {row.quality && row.quality !== 'GREEN' && <Badge tone={qualityTone(row.quality)}>Quality: {qualityWord(row.quality)}</Badge>}
                    {!isProviders(row) ? `${row.category} · ${row.language}` : `${words(row.category)} · ${LANGUAGE(row.language)}`}
                  </small>
                </Link>
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  )
}
