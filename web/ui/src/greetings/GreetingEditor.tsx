import { ActionIcon, Button, Checkbox, NativeSelect, NumberInput, Select, Switch, TagsInput, Textarea, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useCampaign } from '../campaigns/CampaignLink'
import { Head } from '../campaigns/Head'
import { ApiError, api, messageOf } from '../lib/api'
import { useCan } from '../lib/session'
import { toast } from '../lib/toast'
import type { Greeting } from '../lib/types'
import { allSegmentsQuery } from '../segments/segments'
import { calendarsQuery } from '../settings/calendars/calendars'
import { accountsQuery } from '../settings/channels/accounts'
import { Problem } from '../settings/parts/ConfirmDialog'
import { PageSkeleton } from '../settings/parts/PageSkeleton'
import { Panel } from '../settings/parts/Panel'
import { FailedPage } from '../settings/parts/States'
import { LANGUAGES, languageName } from '../settings/signups/signups'
import { IconPlus, IconX } from '../ui/icons'
import { GreetingPreview } from './GreetingPreview'
import { FRESH, HOW, OFTEN, VISITORS, greetingsQuery, ruleText, share, type Draft } from './greetings'
import s from './greetings.module.css'

const BACK = { to: 'greetings', label: 'Greetings' }
const choices = (of: Record<string, string>) => Object.entries(of).map(([value, label]) => ({ value, label }))

export function GreetingEditor({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(greetingsQuery)
  if (id === 'new') return <Editor greeting={null} />
  if (error && !data) return <FailedPage title="Greeting" back={BACK} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton title="Greeting" />
  const greeting = data.find((each) => each.id === id)
  if (!greeting) return <FailedPage title="Greeting" back={BACK} error={new Error('There is no such greeting.')} onRetry={() => void refetch()} />
  return <Editor key={greeting.version} greeting={greeting} />
}

function Editor({ greeting }: { greeting: Greeting | null }) {
  const client = useQueryClient()
  const goTo = useCampaign()
  const mayWrite = useCan('broadcasts.write')
  const { data: accounts } = useQuery({ ...accountsQuery, enabled: useCan('accounts.read') })
  const { data: calendars } = useQuery(calendarsQuery)
  const { data: segments } = useQuery(allSegmentsQuery)
  const chats = accounts?.items.filter((each) => each.kind === 'livechat') ?? []
  const [draft, setDraft] = useState<Draft>({ ...FRESH, ...greeting?.settings })
  const [language, setLanguage] = useState(draft.language)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const set = (change: Partial<Draft>) => setDraft((now) => ({ ...now, ...change }))
  const words = draft.words[language] ?? { text: '', replies: [] }
  const setWords = (change: Partial<typeof words>) => set({ words: { ...draft.words, [language]: { ...words, ...change } } })
  const setPage = (at: number, change: Partial<Draft['pages'][number]>) => set({ pages: draft.pages.map((page, index) => (index === at ? { ...page, ...change } : page)) })
  const wrong = (name: string) => (error instanceof ApiError ? error.problem.errors?.find((each) => each.field.startsWith(name))?.message : undefined)
  const written = Object.fromEntries(Object.entries(draft.words).filter(([, each]) => each?.text.trim()))

  async function save() {
    setBusy(true)
    setError(null)
    const settings = { ...draft, words: written, pages: draft.pages.filter((page) => page.value.trim()) }
    try {
      if (greeting) await api.put(`/greetings/${greeting.id}`, { ...settings, version: greeting.version })
      const made = greeting ?? (await api.post<Greeting>('/greetings', settings))
      await client.invalidateQueries({ queryKey: ['greetings'] })
      toast(draft.active ? 'Saved. It is shown from now on.' : 'Saved. It is switched off.')
      if (!greeting) goTo(`greetings/${made.id}`)
    } catch (reason) {
      setError(reason)
    } finally {
      setBusy(false)
    }
  }

  return (
    <>
      <Head
        title={greeting?.settings.name ?? 'New greeting'}
        text={ruleText(draft)}
        back={BACK}
        actions={
          mayWrite && (
            <Button loading={busy} disabled={!draft.name.trim() || draft.chat_ids.length === 0 || !written[draft.language]} onClick={() => void save()}>
              Save
            </Button>
          )
        }
      />
      <Problem text={error ? messageOf(error) : ''} />
      {greeting && (
        <dl className={s.figures} aria-label="The last 30 days">
          {(['shown', 'opened', 'answered'] as const).map((what) => (
            <div key={what}>
              <dt>{what.charAt(0).toUpperCase() + what.slice(1)}</dt>
              <dd>
                {greeting[what].toLocaleString('en')} {what !== 'shown' && <small>{share(greeting[what], greeting.shown)}</small>}
              </dd>
            </div>
          ))}
        </dl>
      )}
      <div className={s.split}>
        <fieldset className={s.form} disabled={!mayWrite}>
          <legend className="visually-hidden">Greeting</legend>
          <Panel title="What it says" text="A small window beside the button of the chat. Who answers begins a conversation with it; of who does not, nothing is kept.">
            <div className={s.stack}>
              <TextInput label="Name" description="For you and your colleagues." value={draft.name} onChange={(event) => set({ name: event.currentTarget.value })} maxLength={100} required />
              <div className={s.pair}>
                <TextInput label="From" placeholder="The chat’s title" value={draft.from_name} onChange={(event) => set({ from_name: event.currentTarget.value })} maxLength={60} />
                <NativeSelect
                  label="Language"
                  data={Object.keys({ ...LANGUAGES, ...draft.words }).map((code) => ({ value: code, label: `${languageName(code)}${written[code] ? '' : ' (not written yet)'}` }))}
                  value={language}
                  onChange={(event) => setLanguage(event.currentTarget.value)}
                />
              </div>
              <Textarea label="Text" value={words.text} onChange={(event) => setWords({ text: event.currentTarget.value })} maxLength={600} autosize minRows={2} required error={wrong(`words.${language}.text`)} />
              <TagsInput
                label="Buttons"
                description="Up to four; each answers with its own words. Type one and press Enter."
                value={words.replies ?? []}
                onChange={(replies) => setWords({ replies })}
                maxTags={4}
                splitChars={[]}
                error={wrong(`words.${language}.replies`)}
              />
              {Object.keys(written).length > 1 && (
                <NativeSelect label="For everybody else" data={Object.keys(written).map((code) => ({ value: code, label: languageName(code) }))} value={draft.language} onChange={(event) => set({ language: event.currentTarget.value })} />
              )}
            </div>
          </Panel>
          <Panel title="Where and when">
            <div className={s.stack}>
              <Checkbox.Group label="In the chat of" value={draft.chat_ids} onChange={(chat_ids) => set({ chat_ids })} error={wrong('chat_ids')}>
                <div className={s.choices}>
                  {chats.map((each) => (
                    <Checkbox key={each.id} value={each.id} label={each.name} />
                  ))}
                  {accounts && chats.length === 0 && <p className={s.rule}>There is no web chat yet: connect one under Settings, Channels.</p>}
                </div>
              </Checkbox.Group>
              {draft.pages.length > 0 && <p className={s.label}>On pages whose address</p>}
              {draft.pages.map((page, at) => (
                <div key={at} className={s.page}>
                  <NativeSelect aria-label={`Page ${at + 1}: how`} data={choices(HOW)} value={page.how ?? 'contains'} onChange={(event) => setPage(at, { how: event.currentTarget.value as keyof typeof HOW })} />
                  <TextInput
                    aria-label={`Page ${at + 1}: address`}
                    placeholder={page.how === 'glob' ? 'https://shop.example.com/*/sale' : page.how === 'equals' ? 'https://shop.example.com/cart' : '/cart'}
                    value={page.value}
                    onChange={(event) => setPage(at, { value: event.currentTarget.value.trim() })}
                    maxLength={300}
                  />
                  <ActionIcon aria-label={`Take page ${at + 1} away`} onClick={() => set({ pages: draft.pages.filter((_, index) => index !== at) })}>
                    <IconX size={16} />
                  </ActionIcon>
                </div>
              ))}
              <div>
                <Button variant="default" size="xs" leftSection={<IconPlus size={14} />} disabled={draft.pages.length >= 10} onClick={() => set({ pages: [...draft.pages, { how: 'contains', value: '' }] })}>
                  {draft.pages.length ? 'Another page' : 'Only on some pages'}
                </Button>
              </div>
              <div className={s.pair}>
                <NumberInput label="Seconds on the page" description="0: at once." value={draft.seconds} min={0} max={3600} onChange={(value) => set({ seconds: Number(value) || 0 })} />
                <NumberInput label="Read at least (%)" description="0: does not matter." value={draft.scroll} min={0} max={100} onChange={(value) => set({ scroll: Number(value) || 0 })} />
              </div>
              <Switch label="When they are about to leave" description="As the pointer leaves the page at its top; phones have none." checked={draft.leaving} onChange={(event) => set({ leaving: event.currentTarget.checked })} />
              <div className={s.pair}>
                <NativeSelect label="Shown to one person" data={choices(OFTEN)} value={draft.often} onChange={(event) => set({ often: event.currentTarget.value as Draft['often'] })} />
                {draft.often === 'days' && <NumberInput label="Days" value={draft.days} min={1} max={365} onChange={(value) => set({ days: Number(value) || 1 })} />}
              </div>
              <Select label="Within business hours" placeholder="At any time" data={(calendars ?? []).map((each) => ({ value: each.id, label: each.name }))} value={draft.calendar_id} onChange={(calendar_id) => set({ calendar_id })} clearable error={wrong('calendar_id')} />
              <Switch label="Only while a colleague is online" checked={draft.online} onChange={(event) => set({ online: event.currentTarget.checked })} />
            </div>
          </Panel>
          <Panel title="To whom">
            <div className={s.stack}>
              <div className={s.pair}>
                <NativeSelect label="Visitors" description="By what their browser remembers." data={choices(VISITORS)} value={draft.visitors} onChange={(event) => set({ visitors: event.currentTarget.value as Draft['visitors'] })} />
                <Select
                  label="Of a segment"
                  description="Only who is signed in or has written before can be in one."
                  placeholder="Everybody"
                  data={(segments ?? []).map((each) => ({ value: each.id, label: each.name }))}
                  value={draft.segment_id}
                  onChange={(segment_id) => set({ segment_id })}
                  clearable
                  error={wrong('segment_id')}
                />
              </div>
              <Switch
                label="It promotes something"
                description="Then it is not shown to a person who has ended marketing in this chat."
                checked={draft.promotional}
                onChange={(event) => set({ promotional: event.currentTarget.checked })}
              />
            </div>
          </Panel>
          <Panel title="Its turn">
            <div className={s.stack}>
              <NumberInput label="Priority" description="Of several that fit, the highest goes." value={draft.priority} min={0} max={100} onChange={(value) => set({ priority: Number(value) || 0 })} />
              <Switch label="Switched on" checked={draft.active} onChange={(event) => set({ active: event.currentTarget.checked })} />
            </div>
          </Panel>
        </fieldset>
        <GreetingPreview words={words} from={draft.from_name || chats.find((each) => draft.chat_ids.includes(each.id))?.name || 'Chat with us'} />
      </div>
    </>
  )
}
