import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { ApiError, api, messageOf } from '../lib/api'
import { languageName, plural } from '../lib/format'
import { queryClient } from '../lib/query'
import { useCan } from '../lib/session'
import { setTitle } from '../lib/title'
import { toast, toastError } from '../lib/toast'
import type { ContentBlock } from '../lib/types'
import { ErrorState } from '../ui/ErrorState'
import { IconPlus, IconTrash } from '../ui/icons'
import { Skeleton } from '../ui/Skeleton'
import { Problem } from '../settings/parts/ConfirmDialog'
import { LiquidText } from './LiquidText'
import { Head } from './TemplateDetail'
import { NEW_BLOCK, blockQuery, blocksChanged, languageOptions } from './templates'
import s from './templates.module.css'

/** Words that stand in many content templates, and are changed here for all of them. */
export function BlockPane({ id }: { id: string }) {
  const fresh = id === NEW_BLOCK
  const { data: kept, error, refetch } = useQuery({ ...blockQuery(id), enabled: !fresh })
  useEffect(() => {
    setTitle(`${kept?.name ?? 'Content block'} · Parley`)
  }, [kept?.name])
  if (error && !kept) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!kept && !fresh) {
    return (
      <div className={s.waiting} role="status" aria-label="Loading">
        <Skeleton width={320} height={36} />
        <Skeleton height={220} />
      </div>
    )
  }
  return <BlockEditor kept={kept ?? null} />
}

function BlockEditor({ kept }: { kept: ContentBlock | null }) {
  const navigate = useNavigate()
  const mayWrite = useCan('templates.manage')
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
  const setWording = (change: Partial<typeof wording>) => set({ wordings: value.wordings.map((each, place) => (place === at ? { ...each, ...change } : each)) })

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
    <article className={s.detail} aria-label="Content block">
      <Head title={kept ? kept.name : 'New content block'}>
        {mayWrite && (
          <>
            <Button size="xs" variant="default" leftSection={<IconTrash size={15} />} onClick={() => void remove()}>
              {kept ? 'Delete' : 'Throw away'}
            </Button>
            <Button size="xs" loading={busy} onClick={() => void save()}>
              Save
            </Button>
          </>
        )}
      </Head>
      <Problem text={refusal ? messageOf(refusal) : ''} />
      <div className={s.editor}>
        <fieldset className={s.form} disabled={!mayWrite || busy}>
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
          <div className={s.languages} role="group" aria-label="Wordings">
            {value.wordings.map((each, place) => (
              <Button key={place} size="compact-sm" variant={place === at ? 'light' : 'default'} aria-pressed={place === at} onClick={() => setShown(place)}>
                {each.language ? languageName(each.language.replace('_', '-')) : 'Everybody else'}
              </Button>
            ))}
            <Button
              size="compact-sm"
              variant="subtle"
              leftSection={<IconPlus size={14} />}
              onClick={() => {
                const taken = value.wordings.map((each) => each.language)
                const language = languageOptions('').find((code) => !taken.includes(code)) ?? 'fr'
                set({ wordings: [...value.wordings, { ...wording, language }] })
                setShown(value.wordings.length)
              }}
            >
              Another language
            </Button>
          </div>
          {refused.has('wordings') && <p className={s.problem}>{refused.get('wordings')}</p>}
          <div className={s.group} role="group" aria-label="Wording">
            <NativeSelect
              label="For people who speak"
              value={wording.language ?? ''}
              error={refused.get(`wordings.${at}.language`)}
              data={[{ value: '', label: 'Any other language' }, ...languageOptions(wording.language ?? '').map((code) => ({ value: code, label: languageName(code.replace('_', '-')) }))]}
              onChange={(event) => setWording({ language: event.currentTarget.value || null })}
            />
            <LiquidText label="Text" value={wording.text} error={refused.get(`wordings.${at}.text`)} onChange={(text) => setWording({ text })} />
            {value.wordings.length > 1 && (
              <Button
                size="compact-sm"
                variant="subtle"
                color="gray"
                leftSection={<IconTrash size={14} />}
                onClick={() => set({ wordings: value.wordings.filter((_, place) => place !== at) })}
              >
                Remove this wording
              </Button>
            )}
          </div>
        </fieldset>
        <aside className={s.preview} aria-label="Where it stands">
          {kept && kept.used_in.length > 0 ? (
            <>
              <p className={s.quiet}>What is saved here is changed in {plural(kept.used_in.length, 'content template')} at once:</p>
              <ul>
                {kept.used_in.map((use) => (
                  <li key={use.id}>
                    <Link to="/templates/$templateId" params={{ templateId: use.id }}>
                      {use.name}
                    </Link>
                  </li>
                ))}
              </ul>
            </>
          ) : (
            <p className={s.quiet}>It stands in no content template yet. Put it into one with “Insert a content block…”.</p>
          )}
        </aside>
      </div>
    </article>
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
