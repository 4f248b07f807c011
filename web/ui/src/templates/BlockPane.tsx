import { TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { ApiError, api } from '../lib/api'
import { plural } from '../lib/format'
import { queryClient } from '../lib/query'
import { setTitle } from '../lib/title'
import { toast, toastError } from '../lib/toast'
import type { ContentBlock } from '../lib/types'
import { ErrorState } from '../ui/ErrorState'
import { Editor, EditorWaits } from './Editor'
import { LiquidText } from './LiquidText'
import { Wordings } from './Wordings'
import { NEW_BLOCK, blockQuery, blocksChanged } from './templates'
import s from './templates.module.css'

/** Words that stand in many content templates, and are changed here for all of them. */
export function BlockPane({ id }: { id: string }) {
  const fresh = id === NEW_BLOCK
  const { data: kept, error, refetch } = useQuery({ ...blockQuery(id), enabled: !fresh })
  useEffect(() => {
    setTitle(`${kept?.name ?? 'Content block'} · Parley`)
  }, [kept?.name])
  if (error && !kept) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!kept && !fresh) return <EditorWaits />
  return <BlockEditor kept={kept ?? null} />
}

function BlockEditor({ kept }: { kept: ContentBlock | null }) {
  const navigate = useNavigate()
  const [value, setValue] = useState({ name: kept?.name ?? '', wordings: kept?.wordings ?? [{ language: null, text: '' }] })
  const [key, setKey] = useState(kept?.key ?? '')
  const [revision, setRevision] = useState(kept?.revision ?? 0)
  const named = key || keyOf(value.name).replace(/_+$/, '')
  const [shown, setShown] = useState(0)
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<unknown>(null)
  const refused = new Map(refusal instanceof ApiError ? refusal.fields.map(({ field, message }) => [field, message]) : [])
  const set = (change: Partial<typeof value>) => {
    setValue((now) => ({ ...now, ...change }))
    setRefusal(null)
  }
  const at = Math.min(shown, value.wordings.length - 1)
  const wording = value.wordings[at]!

  async function save() {
    setBusy(true)
    setRefusal(null)
    try {
      const saved = kept
        ? await api.patch<ContentBlock>(`/content-blocks/${kept.id}`, { ...value, revision })
        : await api.post<ContentBlock>('/content-blocks', { ...value, key: named })
      setRevision(saved.revision)
      queryClient.setQueryData(blockQuery(saved.id).queryKey, saved)
      blocksChanged()
      toast(saved.used_in.length > 0 ? `Saved, in ${plural(saved.used_in.length, 'content template')} too.` : 'Saved')
      if (!kept) void navigate({ to: '/templates/$templateId', params: { templateId: saved.id } })
    } catch (error) {
      setRefusal(error)
    }
    setBusy(false)
  }

  async function remove() {
    try {
      if (kept) await api.delete(`/content-blocks/${kept.id}`)
      blocksChanged()
      void navigate({ to: '/templates' })
    } catch (error) {
      toastError('Not deleted', error)
    }
  }

  return (
    <Editor
      label="Content block"
      title={kept ? kept.name : 'New content block'}
      kept={Boolean(kept)}
      busy={busy}
      refusal={refusal}
      onSave={() => void save()}
      onRemove={() => void remove()}
      asideLabel="Where it stands"
      aside={<Uses uses={kept?.used_in ?? []} />}
    >
      <TextInput label="Name" value={value.name} error={refused.get('name')} maxLength={200} onChange={(event) => set({ name: event.currentTarget.value })} />
      {kept ? (
        <p className={s.quiet}>Stands in texts as {`{{ block.${kept.key} }}`}.</p>
      ) : (
        <TextInput
          label="Key"
          description={`Stands in texts as {{ block.${named || '…'} }}; it cannot be changed later.`}
          value={named}
          error={refused.get('key')}
          maxLength={40}
          onChange={(event) => {
            setKey(keyOf(event.currentTarget.value))
            setRefusal(null)
          }}
        />
      )}
      <Wordings wordings={value.wordings} at={at} onShow={setShown} onChange={(wordings) => set({ wordings })} problem={(field) => refused.get(field)}>
        <LiquidText
          label="Text"
          value={wording.text}
          error={refused.get(`wordings.${at}.text`)}
          onChange={(text) => set({ wordings: value.wordings.map((each, place) => (place === at ? { ...each, text } : each)) })}
        />
      </Wordings>
    </Editor>
  )
}

function Uses({ uses }: { uses: ContentBlock['used_in'] }) {
  if (uses.length === 0) return <p className={s.quiet}>It stands in no content template yet. Put it into one with “Insert a content block…”.</p>
  return (
    <>
      <p className={s.quiet}>What is saved here is changed in {plural(uses.length, 'content template')} at once:</p>
      <ul>
        {uses.map((use) => (
          <li key={use.id}>
            <Link to="/templates/$templateId" params={{ templateId: use.id }}>
              {use.name}
            </Link>
          </li>
        ))}
      </ul>
    </>
  )
}

/** Lower case, digits and underscores, beginning with a letter. */
function keyOf(name: string): string {
  return name
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+/, '')
    .slice(0, 40)
}
