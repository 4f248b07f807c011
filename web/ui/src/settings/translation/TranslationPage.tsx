import { Button, NativeSelect, PasswordInput, TextInput } from '@mantine/core'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { ApiError, api, messageOf } from '../../lib/api'
import { plural } from '../../lib/format'
import { queryClient } from '../../lib/query'
import { useCan } from '../../lib/session'
import { toast, toastError } from '../../lib/toast'
import type { Translator, TranslatorState } from '../../lib/types'
import { Badge } from '../../ui/Badge'
import { Ago } from '../parts/Ago'
import { ConfirmDialog, Problem } from '../parts/ConfirmDialog'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { Panel } from '../parts/Panel'
import { FailedPage, ForbiddenPage } from '../parts/States'
import p from '../parts/parts.module.css'
import s from './translation.module.css'

const TITLE = 'Translation'
const SERVICES = [
  { value: 'libretranslate', label: 'LibreTranslate' },
  { value: 'deepl', label: 'DeepL' },
]

const translatorQuery = queryOptions({
  queryKey: ['translator'],
  queryFn: () => api.get<TranslatorState>('/translator'),
})

export default function TranslationPage() {
  const allowed = useCan('accounts.manage')
  const { data, error, refetch } = useQuery({ ...translatorQuery, enabled: allowed })
  if (!allowed) return <ForbiddenPage title={TITLE} />
  if (error && !data) return <FailedPage title={TITLE} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton title={TITLE} />
  return (
    <>
      <Heading title={TITLE} text="Read what customers write in your language, and answer in theirs. The original always stays beside it." />
      {data.translator && <Connected translator={data.translator} />}
      {/* A colleague's change gives the page a new revision, and with it a fresh form. */}
      <Connection key={data.translator?.revision ?? 0} state={data} />
    </>
  )
}

function Connected({ translator }: { translator: Translator }) {
  const [busy, setBusy] = useState(false)
  const [ending, setEnding] = useState(false)

  async function check() {
    setBusy(true)
    try {
      const state = await api.post<TranslatorState>('/translator/check')
      queryClient.setQueryData(translatorQuery.queryKey, state)
      if (!state.translator?.error) toast(`${translator.service} answers and translates.`)
    } catch (error) {
      toastError('Not checked', error)
    }
    setBusy(false)
  }

  return (
    <Panel
      title={translator.service}
      text={translator.url || 'At the address of the provider.'}
      actions={
        <>
          <Button variant="default" loading={busy} onClick={() => void check()}>
            Check
          </Button>
          <Button variant="default" onClick={() => setEnding(true)}>
            Disconnect
          </Button>
        </>
      }
    >
      <div className={s.state}>
        <Badge tone={translator.error ? 'danger' : 'ok'}>{translator.error ? 'Needs a look' : 'Connected'}</Badge>
        <span>
          {plural(translator.languages.length, 'language')} · asked <Ago at={translator.checked_at} />
        </span>
      </div>
      <Problem text={translator.error} />
      {ending && (
        <ConfirmDialog
          title={`Disconnect ${translator.service}?`}
          confirm="Disconnect"
          onConfirm={async () => {
            await api.delete('/translator')
            await queryClient.invalidateQueries({ queryKey: translatorQuery.queryKey })
            toast(`${translator.service} was disconnected.`)
          }}
          onClose={() => setEnding(false)}
        >
          <p>Nothing more is sent to it. What was translated stays where it is.</p>
        </ConfirmDialog>
      )}
    </Panel>
  )
}

function Connection({ state: { translator, own_url: ownUrl } }: { state: TranslatorState }) {
  const [kind, setKind] = useState(translator?.kind ?? 'libretranslate')
  const [url, setUrl] = useState(translator?.url || ownUrl)
  const [key, setKey] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const refusal = error instanceof ApiError ? error : null
  const own = kind === 'libretranslate'
  const same = translator?.kind === kind && (!own || translator.url === url.trim())

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      const saved = await api.put<TranslatorState>('/translator', { kind, url: own ? url : '', key, revision: translator?.revision ?? 0 })
      queryClient.setQueryData(translatorQuery.queryKey, saved)
      toast(`${saved.translator?.service ?? 'The service'} is connected.`)
    } catch (reason) {
      setError(reason)
      setBusy(false)
    }
  }

  return (
    <Panel
      title={translator ? 'Connection' : 'Connect a service'}
      text="What colleagues have translated is sent to this service, and nothing else. Without a service nothing leaves."
    >
      <form className={s.form} onSubmit={(event) => void submit(event)} aria-label="Translation service">
        <fieldset className={p.fieldset} disabled={busy}>
          <NativeSelect
            label="Service"
            description={own ? 'Open source: run it yourself, and no message leaves your own machines.' : 'A company in Germany; messages are sent to it.'}
            data={SERVICES}
            value={kind}
            onChange={(event) => setKind(event.currentTarget.value as Translator['kind'])}
          />
          {own && (
            <TextInput
              label="Address"
              type="url"
              placeholder="https://translate.example.com"
              description={ownUrl && url.trim() !== ownUrl ? `The service of this instance is at ${ownUrl}.` : undefined}
              value={url}
              onChange={(event) => setUrl(event.currentTarget.value)}
              error={refusal?.field('url')}
              required
              autoComplete="off"
            />
          )}
          <PasswordInput
            label="Key"
            description={
              translator?.has_key && same ? 'One is stored. Leave this empty to keep it.' : own ? 'Where the service wants one.' : 'In your account at DeepL, under API keys.'
            }
            value={key}
            onChange={(event) => setKey(event.currentTarget.value)}
            error={refusal?.field('key')}
            autoComplete="off"
          />
        </fieldset>
        <Problem text={error && !refusal?.field('url') && !refusal?.field('key') ? messageOf(error) : ''} />
        <div className={p.formFoot}>
          <Button type="submit" loading={busy} disabled={own ? url.trim() === '' : key.trim() === '' && !same}>
            {translator ? 'Check and save' : 'Check and connect'}
          </Button>
        </div>
      </form>
    </Panel>
  )
}
