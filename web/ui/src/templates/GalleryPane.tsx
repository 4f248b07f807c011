import { Button, Menu, NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useAccounts } from '../inbox/capabilities'
import { PhonePreview } from '../inbox/composer/PhonePreview'
import { languageName } from '../lib/format'
import { usePhone } from '../lib/media'
import { useCan } from '../lib/session'
import { setTitle } from '../lib/title'
import { toastError } from '../lib/toast'
import type { GalleryTemplate } from '../lib/types'
import { Badge } from '../ui/Badge'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState } from '../ui/ErrorState'
import { IconTemplate } from '../ui/icons'
import { SearchBox } from '../ui/SearchBox'
import { Skeleton } from '../ui/Skeleton'
import { Head } from './TemplateDetail'
import { NEW_CONTENT, begun, copyName, draftsQuery, galleryQuery, newDraft, templatesQuery, words } from './templates'
import s from './templates.module.css'

const PURPOSES: Record<GalleryTemplate['purpose'], string> = {
  welcome: 'Welcome',
  orders: 'Orders and payments',
  appointments: 'Appointments',
  afterwards: 'Afterwards',
  offers: 'Offers',
  codes: 'Codes',
}

/** Good words to begin with; using them makes a draft that is then one's own. */
export function GalleryPane() {
  const phone = usePhone()
  const { data, error, refetch } = useQuery(galleryQuery)
  const [language, setLanguage] = useState('en')
  const [purpose, setPurpose] = useState('')
  const [search, setSearch] = useState('')
  useEffect(() => {
    setTitle('Gallery · Parley')
  }, [])
  if (error && !data) return <ErrorState error={error} onRetry={() => void refetch()} />
  const languages = [...new Set(data?.flatMap((item) => item.drafts.map(({ draft }) => draft.language ?? '')))]
  const wanted = search.trim().toLowerCase()
  const shown = (data ?? [])
    .filter((item) => !purpose || item.purpose === purpose)
    .filter((item) => !wanted || `${item.title} ${item.about} ${previewIn(item, language).body}`.toLowerCase().includes(wanted))
  return (
    <article className={s.detail} aria-label="Gallery">
      <Head title="Gallery" />
      <div className={s.galleryHead}>
        <SearchBox label="Search the gallery" placeholder="Search the gallery" value={search} onChange={setSearch} />
        <NativeSelect
          size="sm"
          aria-label="Purpose"
          value={purpose}
          data={[{ value: '', label: 'Any purpose' }, ...Object.entries(PURPOSES).map(([value, label]) => ({ value, label }))]}
          onChange={(event) => setPurpose(event.currentTarget.value)}
        />
        <NativeSelect
          size="sm"
          aria-label="Language"
          value={language}
          data={languages.map((value) => ({ value, label: languageName(value.replace('_', '-')) }))}
          onChange={(event) => setLanguage(event.currentTarget.value)}
        />
      </div>
      {!data ? (
        <div className={s.gallery} role="status" aria-label="Loading">
          <Skeleton height={260} />
          <Skeleton height={260} />
        </div>
      ) : shown.length === 0 ? (
        <EmptyState icon={IconTemplate} title="Nothing in the gallery fits" text="Look for other words, or choose another purpose." />
      ) : (
        <ul className={s.gallery} aria-label="Templates to begin with">
          {shown.map((item) => (
            <li key={item.id} aria-label={item.title}>
              {phone ? <h2>{item.title}</h2> : <h3>{item.title}</h3>}
              <p>{item.about}</p>
              <small>
                <Badge tone="neutral">{words(item.category)}</Badge>
                {item.wordings.length > 0 && <Badge tone="neutral">Any channel</Badge>}
              </small>
              <PhonePreview preview={previewIn(item, language)} />
              <Use item={item} language={language} />
            </li>
          ))}
        </ul>
      )}
    </article>
  )
}

function Use({ item, language }: { item: GalleryTemplate; language: string }) {
  const navigate = useNavigate()
  const mayWrite = useCan('templates.manage')
  const accounts = (useAccounts() ?? []).filter((account) => account.capabilities.templates)
  const { data: drafts } = useQuery(draftsQuery)
  const { data: templates } = useQuery(templatesQuery)
  const [busy, setBusy] = useState(false)
  const chosen = inLanguage(item, language)?.draft
  if (!mayWrite || !chosen || (accounts.length === 0 && item.wordings.length === 0)) return null

  const open = (templateId: string) => void navigate({ to: '/templates/$templateId', params: { templateId } })

  async function write(accountId: string) {
    if (!chosen) return
    const name = chosen.name ?? ''
    const taken = [...(drafts ?? []).map(({ draft }) => draft.name ?? ''), ...(templates ?? []).map((each) => each.name)]
    setBusy(true)
    try {
      open((await newDraft(accountId, { ...chosen, name: taken.includes(name) ? copyName(name, taken) : name })).id)
    } catch (reason) {
      toastError('Not begun', reason)
    }
    setBusy(false)
  }

  function writeContent() {
    begun.set({ name: item.title, wordings: [...item.wordings] })
    open(NEW_CONTENT)
  }

  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button size="xs" variant="light" loading={busy} aria-label={`Use this: ${item.title}`}>
          Use this
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {accounts.map((account) => (
          <Menu.Item key={account.id} onClick={() => void write(account.id)}>
            Template of {account.name}
          </Menu.Item>
        ))}
        {item.wordings.length > 0 && <Menu.Item onClick={writeContent}>Content for other channels, in all languages</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  )
}

function inLanguage(item: GalleryTemplate, language: string) {
  return item.drafts.find(({ draft }) => draft.language === language) ?? item.drafts[0]
}

const previewIn = (item: GalleryTemplate, language: string) => inLanguage(item, language)?.preview ?? { body: '' }
