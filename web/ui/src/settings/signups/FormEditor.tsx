import { Button, Checkbox, MultiSelect, NativeSelect, NumberInput, Select, Switch, Textarea, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useLists } from '../../contacts/contactLists'
import { useTags } from '../../inbox/list/choices'
import { ApiError, api, messageOf } from '../../lib/api'
import { useCan } from '../../lib/session'
import { toast } from '../../lib/toast'
import type { SignupForm, SignupSettings, SignupWords } from '../../lib/types'
import { channelLabel } from '../../ui/ChannelIcon'
import { accountsQuery } from '../channels/accounts'
import { Problem } from '../parts/ConfirmDialog'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { Panel } from '../parts/Panel'
import { FailedPage } from '../parts/States'
import { useGoTo } from '../parts/useSettingsPath'
import { Ways } from './Ways'
import { FRESH, formsQuery, languageName, LANGUAGES, WORDS } from './signups'
import s from './signups.module.css'

const BACK = { to: 'signups', label: 'Sign-up forms' }

export function FormEditor({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(formsQuery)
  if (id === 'new') return <Editor form={null} />
  if (error && !data) return <FailedPage title="Form" back={BACK} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton title="Form" />
  const form = data.find((each) => each.id === id)
  if (!form) return <FailedPage title="Form" back={BACK} error={new Error('There is no such form.')} onRetry={() => void refetch()} />
  return <Editor key={form.version} form={form} />
}

function Editor({ form }: { form: SignupForm | null }) {
  const client = useQueryClient()
  const goTo = useGoTo()
  const mayManage = useCan('consent.manage')
  const all = useQuery({ ...accountsQuery, enabled: useCan('accounts.read') }).data?.items ?? []
  const accounts = all.filter((each) => each.kind !== 'livechat')
  const chats = all.filter((each) => each.kind === 'livechat')
  const lists = useLists()
  const tags = useTags()
  const [draft, setDraft] = useState<SignupSettings>(form?.settings ?? FRESH)
  const [language, setLanguage] = useState(draft.language ?? 'en')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const set = (change: Partial<SignupSettings>) => setDraft((now) => ({ ...now, ...change }))
  const words: SignupWords = draft.words[language] ?? WORDS
  const setWords = (change: Partial<SignupWords>) => set({ words: { ...draft.words, [language]: { ...words, ...change } } })
  const wrong = (name: string) => (error instanceof ApiError ? error.problem.errors?.find((each) => each.field.startsWith(name))?.message : undefined)

  async function save() {
    setBusy(true)
    setError(null)
    try {
      if (form) await api.put(`/signup-forms/${form.id}`, { ...draft, version: form.version })
      const made = form ?? (await api.post<SignupForm>('/signup-forms', draft))
      await client.invalidateQueries({ queryKey: ['signup-forms'] })
      toast(form ? 'Saved as the next version.' : 'The form is open.')
      goTo(`signups/${made.id}`)
    } catch (reason) {
      setError(reason)
    } finally {
      setBusy(false)
    }
  }

  return (
    <>
      <Heading
        title={form?.settings.name ?? 'New form'}
        back={BACK}
        actions={
          mayManage && (
            <Button loading={busy} disabled={!draft.name.trim() || draft.account_ids.length === 0} onClick={() => void save()}>
              Save
            </Button>
          )
        }
      />
      <Problem text={error ? messageOf(error) : ''} />
      {form && <Ways form={form} />}
      <fieldset className={s.form} disabled={!mayManage}>
        <legend className="visually-hidden">Form</legend>
        <Panel title="The form">
          <div className={s.stack}>
            <TextInput label="Name" description="For you alone." value={draft.name} onChange={(event) => set({ name: event.currentTarget.value })} maxLength={100} required />
            <Checkbox.Group label="They agree to messages of" value={draft.account_ids} onChange={(account_ids) => set({ account_ids })} error={wrong('account_ids')}>
              <div className={s.choices}>
                {accounts.map((each) => (
                  <Checkbox key={each.id} value={each.id} label={`${each.name} · ${channelLabel(each.kind)}`} />
                ))}
              </div>
            </Checkbox.Group>
            {chats.length > 0 && (
              <Checkbox.Group
                label="Also in the chat of"
                description="Before the first message, in the widget’s window: the same words, kept with the page and the visitor."
                value={draft.chat_ids ?? []}
                onChange={(chat_ids) => set({ chat_ids })}
                error={wrong('chat_ids')}
              >
                <div className={s.choices}>
                  {chats.map((each) => (
                    <Checkbox key={each.id} value={each.id} label={each.name} />
                  ))}
                </div>
              </Checkbox.Group>
            )}
            <Switch
              label="Only what they confirm themselves counts"
              description="Double opt-in: by answering YES to a text message, or by sending the word from their app."
              checked={draft.double ?? true}
              onChange={(event) => set({ double: event.currentTarget.checked })}
            />
            <Switch label="Open" description="Closed, the page says so and the word means nothing." checked={draft.active ?? true} onChange={(event) => set({ active: event.currentTarget.checked })} />
            <TextInput
              label="Word"
              description="What a link or QR code opens the app with; whoever sends it has agreed to the words below. Letters, digits, hyphens."
              placeholder="OFFERS"
              value={draft.word ?? ''}
              onChange={(event) => set({ word: event.currentTarget.value.trim() })}
              error={wrong('word')}
              maxLength={30}
            />
          </div>
        </Panel>
        <Panel title="What people read" text="Word for word what they agree to. A change is the form's next version; what was shown before stays.">
          <div className={s.stack}>
            <div className={s.pair}>
              <NativeSelect
                label="Language"
                data={Object.keys({ ...LANGUAGES, ...draft.words }).map((code) => ({ value: code, label: `${languageName(code)}${draft.words[code] ? '' : ' (not written yet)'}` }))}
                value={language}
                onChange={(event) => setLanguage(event.currentTarget.value)}
              />
              <NativeSelect
                label="For everybody else"
                data={Object.keys(draft.words).map((code) => ({ value: code, label: languageName(code) }))}
                value={draft.language ?? 'en'}
                onChange={(event) => set({ language: event.currentTarget.value })}
              />
            </div>
            <TextInput label="Title" value={words.title} onChange={(event) => setWords({ title: event.currentTarget.value })} maxLength={120} />
            <Textarea label="Introduction" value={words.intro ?? ''} onChange={(event) => setWords({ intro: event.currentTarget.value })} maxLength={1000} autosize minRows={2} />
            <Textarea label="What they agree to" value={words.agree} onChange={(event) => setWords({ agree: event.currentTarget.value })} maxLength={1000} autosize minRows={2} error={wrong(`words.${language}.agree`)} />
            <TextInput label="Text message that asks to confirm" value={words.question ?? ''} onChange={(event) => setWords({ question: event.currentTarget.value })} maxLength={300} />
            <TextInput label="Thanks" value={words.thanks ?? ''} onChange={(event) => setWords({ thanks: event.currentTarget.value })} maxLength={500} />
          </div>
        </Panel>
        <Panel title="Beside it">
          <div className={s.stack}>
            <Switch label="Ask for the name" checked={draft.ask_name ?? true} onChange={(event) => set({ ask_name: event.currentTarget.checked })} />
            <div className={s.pair}>
              <NumberInput label="At least how old" description="0 asks nothing." value={draft.minimum_age ?? 0} min={0} max={21} onChange={(value) => set({ minimum_age: Number(value) || 0 })} />
              <Select label="Put them on the list" data={lists.map((each) => ({ value: each.id, label: each.name }))} value={draft.list_id ?? null} onChange={(list_id) => set({ list_id })} clearable />
            </div>
            <MultiSelect label="Tags" data={tags.map((each) => ({ value: each.id, label: each.name }))} value={draft.tags ?? []} onChange={(value) => set({ tags: value })} maxValues={10} />
            <div className={s.pair}>
              <TextInput label="Terms" placeholder="https://…" value={draft.terms_url ?? ''} onChange={(event) => set({ terms_url: event.currentTarget.value.trim() })} error={wrong('terms_url')} />
              <TextInput label="Privacy" placeholder="https://…" value={draft.privacy_url ?? ''} onChange={(event) => set({ privacy_url: event.currentTarget.value.trim() })} error={wrong('privacy_url')} />
            </div>
            <TextInput
              label="Sites that may show it in a frame"
              description="Addresses such as https://shop.example.test, with spaces between them."
              value={(draft.sites ?? []).join(' ')}
              onChange={(event) => set({ sites: event.currentTarget.value.split(/\s+/) })}
              onBlur={() => set({ sites: (draft.sites ?? []).filter(Boolean) })}
              error={wrong('sites')}
            />
          </div>
        </Panel>
      </fieldset>
    </>
  )
}
