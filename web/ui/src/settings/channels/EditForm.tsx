import { Button, Loader, TextInput } from '@mantine/core'
import { useEffect, useRef, useState, type FormEvent } from 'react'
import { ApiError, api, messageOf } from '../../lib/api'
import { toast } from '../../lib/toast'
import type { Account, ChannelKind } from '../../lib/types'
import { Problem } from '../parts/ConfirmDialog'
import { Panel } from '../parts/Panel'
import { focusFirstInvalid } from './ConnectPage'
import { Fields } from './Fields'
import { WidgetPreview } from './WidgetPreview'
import { useKeepAccount } from './accounts'
import { changedConfig, startValues } from './form'
import { guideOf } from './guides'
import s from './channels.module.css'

/** The values of a connected account; what is changed is checked like new. */
export function EditForm({ account, kind }: { account: Account; kind: ChannelKind }) {
  const keep = useKeepAccount()
  const form = useRef<HTMLFormElement>(null)
  const [name, setName] = useState(account.name)
  const [start, setStart] = useState(() => startValues(kind.fields, account.config))
  const [values, setValues] = useState(start)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const config = changedConfig(kind.fields, values, start)
  const renamed = name.trim() !== '' && name.trim() !== account.name
  const dirty = renamed || Object.keys(config).length > 0
  const refusal = error instanceof ApiError ? error : null
  const atFields = kind.fields.some((field) => refusal?.field(`config.${field.name}`)) || refusal?.field('name')

  useEffect(() => {
    if (error) focusFirstInvalid(form.current)
  }, [error])

  function reset(to: Account) {
    const fresh = startValues(kind.fields, to.config)
    setName(to.name)
    setStart(fresh)
    setValues(fresh)
    setError(null)
  }

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (!dirty) return
    setBusy(true)
    setError(null)
    try {
      const saved = await api.patch<Account>(`/accounts/${account.id}`, {
        ...(renamed && { name: name.trim() }),
        ...(Object.keys(config).length > 0 && { config }),
      })
      keep(saved)
      reset(saved)
      toast('Saved.')
    } catch (reason) {
      setError(reason)
    }
    setBusy(false)
  }

  return (
    <Panel title="Connection" text="Changed values are tried at the provider before they are stored.">
      <div className={account.snippet ? s.connect : undefined}>
        <form ref={form} className={s.form} onSubmit={(event) => void submit(event)} aria-label="Connection">
          <fieldset disabled={busy} className={s.fieldset}>
            <TextInput
              label="Name"
              name="name"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              error={refusal?.field('name')}
              maxLength={100}
              autoComplete="off"
            />
            <Fields
              fields={kind.fields}
              values={values}
              config={account.config}
              error={refusal}
              onChange={(field, value) => setValues((known) => ({ ...known, [field]: value }))}
            />
          </fieldset>
          <Problem text={error && !atFields ? messageOf(error) : ''} />
          <div className={s.submit}>
            <Button type="submit" loading={busy} disabled={!dirty}>
              Save
            </Button>
            {dirty && !busy && (
              <Button variant="default" onClick={() => reset(account)}>
                Discard
              </Button>
            )}
            <p role="status">
              {busy && Object.keys(config).length > 0 && (
                <>
                  <Loader size={15} />
                  Checking with {account.snippet ? 'the server' : guideOf(account.kind).provider}…
                </>
              )}
            </p>
          </div>
        </form>
        {account.snippet && (
          <aside className={s.aside} aria-label="Preview">
            <WidgetPreview values={values} />
          </aside>
        )}
      </div>
    </Panel>
  )
}
