import { ActionIcon, Button, ColorInput, Switch, TagsInput, TextInput, Textarea } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type KeyboardEvent } from 'react'
import { ApiError, api, messageOf } from '../lib/api'
import { plural } from '../lib/format'
import { useCan } from '../lib/session'
import { toast, toastError } from '../lib/toast'
import type { HelpCategory, HelpCentre } from '../lib/types'
import { Ago } from '../settings/parts/Ago'
import { Problem } from '../settings/parts/ConfirmDialog'
import { CopyField } from '../settings/parts/CopyField'
import { Heading } from '../settings/parts/Heading'
import { PageSkeleton } from '../settings/parts/PageSkeleton'
import { Panel } from '../settings/parts/Panel'
import { FailedPage, ForbiddenPage } from '../settings/parts/States'
import p from '../settings/parts/parts.module.css'
import { IconArrowDown, IconArrowUp, IconCheck, IconExternalLink, IconPencil, IconPlus, IconTrash } from '../ui/icons'
import { centreChanged, centreQuery, languageName, missesQuery } from './help'
import { useNewArticle } from './newArticle'
import s from './help.module.css'

const TITLE = 'Help centre'
const MOST_MISSES_SHOWN = 50

export default function HelpCentrePage() {
  const allowed = useCan('articles.manage')
  const { data, error, refetch } = useQuery({ ...centreQuery, enabled: allowed })
  if (!allowed) return <ForbiddenPage title={TITLE} />
  if (error && !data) return <FailedPage title={TITLE} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton title={TITLE} />
  // A colleague's change gives the page a new revision, and with it a fresh form.
  return <Page key={data.revision} stored={data} />
}

function Page({ stored }: { stored: HelpCentre }) {
  const client = useQueryClient()
  const [centre, setCentre] = useState(stored)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const changed = centre !== stored
  const first = centre.languages[0] ?? 'en'
  const at = (field: string) => (error instanceof ApiError ? error.field(field) : undefined)
  const set = (change: Partial<HelpCentre>) => setCentre((now) => ({ ...now, ...change }))

  async function save(change: Partial<HelpCentre> = {}) {
    const { slug, open, name, color, languages, welcome, categories, revision } = { ...centre, ...change }
    setBusy(true)
    setError(null)
    try {
      const kept = await api.put<HelpCentre>('/help-centre', { slug, open, name, color, languages, welcome, categories, revision })
      client.setQueryData(centreQuery.queryKey, kept)
      toast(change.open ? 'The help centre is open.' : 'Saved.')
    } catch (reason) {
      setError(reason)
    }
    setBusy(false)
  }

  return (
    <>
      <Heading
        title={TITLE}
        text="Pages on which customers find answers without asking, in the look of your chat."
        actions={
          <>
            {!centre.open && (
              <Button variant="default" disabled={busy} onClick={() => void save({ open: true })}>
                Open it to everybody
              </Button>
            )}
            <Button loading={busy} disabled={!changed} onClick={() => void save()}>
              Save
            </Button>
          </>
        }
      />
      <Problem text={error && !(error instanceof ApiError && error.fields.length > 0) ? messageOf(error) : ''} />
      <Panel
        title="Address and look"
        actions={
          stored.url && (
            <Button component="a" href={stored.url} target="_blank" rel="noreferrer" size="xs" variant="default" leftSection={<IconExternalLink size={14} />}>
              Look at it
            </Button>
          )
        }
      >
        {stored.url && <CopyField label="Address of the help centre" value={stored.url} />}
        <Switch
          label="Open to everybody"
          description="While it is closed, only colleagues read articles."
          checked={centre.open}
          onChange={(event) => set({ open: event.currentTarget.checked })}
        />
        <div className={p.pair}>
          <TextInput
            label="Name in the address"
            description="Links to a former one keep working."
            placeholder="Made from the workspace's name"
            leftSection="/help/"
            leftSectionWidth={54}
            value={centre.slug}
            maxLength={60}
            error={at('slug')}
            onChange={(event) => set({ slug: event.currentTarget.value })}
          />
          <TextInput
            label="Name at the top"
            description="Empty: that of the workspace."
            placeholder={stored.brand_name}
            value={centre.name}
            maxLength={100}
            onChange={(event) => set({ name: event.currentTarget.value })}
          />
          <ColorInput
            label="Colour"
            description="Empty: that of your chat widget."
            placeholder={stored.brand_color}
            withEyeDropper={false}
            value={centre.color}
            error={at('color')}
            onChange={(color) => set({ color })}
          />
          <TagsInput
            label="Languages"
            description="As codes: en, fr, pt-br. The first is for whoever speaks none of them."
            value={centre.languages}
            error={centre.languages.map((_, index) => at(`languages.${index}`)).find(Boolean)}
            onChange={(languages) => set({ languages: languages.map((each) => each.toLowerCase()) })}
          />
        </div>
        {centre.languages.map((language) => (
          <Textarea
            key={language}
            label={`Welcome in ${languageName(language)}`}
            autosize
            maxLength={300}
            value={centre.welcome[language] ?? ''}
            placeholder="How can we help?"
            onChange={(event) => set({ welcome: { ...centre.welcome, [language]: event.currentTarget.value } })}
          />
        ))}
      </Panel>
      <Categories centre={centre} first={first} at={at} onChange={(categories) => set({ categories })} />
      <Misses />
    </>
  )
}

interface CategoriesProps {
  centre: HelpCentre
  first: string
  at: (field: string) => string | undefined
  onChange: (categories: HelpCategory[]) => void
}

function Categories({ centre, first, at, onChange }: CategoriesProps) {
  const { categories, languages } = centre

  function change(index: number, name: 'names' | 'texts', language: string, value: string) {
    onChange(categories.map((each, i) => (i === index ? { ...each, [name]: { ...each[name], [language]: value } } : each)))
  }
  function move(index: number, step: number) {
    const next = [...categories]
    const [moved] = next.splice(index, 1)
    if (!moved || index + step < 0 || index + step > next.length) return
    next.splice(index + step, 0, moved)
    onChange(next)
  }

  return (
    <Panel
      title="Categories"
      text="In the order in which readers see them: move one with the arrows, or with Alt and the arrow keys."
      actions={
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} />}
          onClick={() => onChange([...categories, { id: freeId(categories), names: { [first]: 'New category' }, texts: {} }])}
        >
          Add a category
        </Button>
      }
    >
      {categories.length === 0 && <p className={p.muted}>No categories yet.</p>}
      {categories.map((category, index) => {
        const name = category.names[first] ?? category.id
        return (
          <div
            key={category.id}
            className={s.category}
            role="group"
            aria-label={name}
            onKeyDown={(event: KeyboardEvent) => {
              if (!event.altKey || !['ArrowUp', 'ArrowDown'].includes(event.key)) return
              event.preventDefault()
              move(index, event.key === 'ArrowUp' ? -1 : 1)
            }}
          >
            <div className={s.categoryFields}>
              {languages.map((language) => (
                <div key={language} className={p.pair}>
                  <TextInput
                    size="xs"
                    label={`Name in ${languageName(language)}`}
                    value={category.names[language] ?? ''}
                    maxLength={100}
                    {...(language === first && { error: at(`categories.${index}.names`) })}
                    onChange={(event) => change(index, 'names', language, event.currentTarget.value)}
                  />
                  <TextInput
                    size="xs"
                    label={`What it is about, in ${languageName(language)}`}
                    value={category.texts?.[language] ?? ''}
                    maxLength={300}
                    onChange={(event) => change(index, 'texts', language, event.currentTarget.value)}
                  />
                </div>
              ))}
            </div>
            <div className={s.categoryActions}>
              <ActionIcon aria-label={`Move ${name} up`} disabled={index === 0} onClick={() => move(index, -1)}>
                <IconArrowUp size={16} />
              </ActionIcon>
              <ActionIcon aria-label={`Move ${name} down`} disabled={index === categories.length - 1} onClick={() => move(index, 1)}>
                <IconArrowDown size={16} />
              </ActionIcon>
              <ActionIcon aria-label={`Remove ${name}`} onClick={() => onChange(categories.filter((each) => each !== category))}>
                <IconTrash size={16} />
              </ActionIcon>
            </div>
          </div>
        )
      })}
    </Panel>
  )
}

/** Stands in the category's address, so it stays when the name changes. */
function freeId(categories: HelpCategory[]): string {
  let number = categories.length + 1
  while (categories.some((each) => each.id === `topic-${number}`)) number += 1
  return `topic-${number}`
}

function Misses() {
  const { data, error } = useQuery(missesQuery)
  const create = useNewArticle()

  async function settle(id: string) {
    try {
      await api.delete(`/help-centre/misses/${id}`)
    } catch (problem) {
      toastError('Not taken off', problem)
    }
    centreChanged()
  }

  return (
    <Panel title="Looked for and not found" text="What readers searched for in the last three months without finding anything." flush>
      {error ? (
        <p className={s.panelText}>{messageOf(error)}</p>
      ) : !data || data.length === 0 ? (
        <p className={s.panelText}>{data ? 'Nothing: everybody has found something.' : 'Loading…'}</p>
      ) : (
        <div className={p.tableWrap}>
          <table className={p.table} aria-label="Looked for and not found">
            <thead>
              <tr>
                <th>Words</th>
                <th>How often</th>
                <th data-wide>Last</th>
                <th data-end>
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {data.slice(0, MOST_MISSES_SHOWN).map((miss) => (
                <tr key={miss.id}>
                  <td>
                    {miss.sought} <small className={p.muted}>{languageName(miss.language)}</small>
                  </td>
                  <td className={p.nowrap}>{plural(miss.times, 'time')}</td>
                  <td data-wide className={p.nowrap}>
                    <Ago at={miss.last_at} />
                  </td>
                  <td data-end>
                    <ActionIcon aria-label={`Write an article on ${miss.sought}`} title="Write an article on this" onClick={() => create(miss.sought)}>
                      <IconPencil size={16} />
                    </ActionIcon>
                    <ActionIcon aria-label={`Take ${miss.sought} off the list`} title="Take it off the list" onClick={() => void settle(miss.id)}>
                      <IconCheck size={16} />
                    </ActionIcon>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}
