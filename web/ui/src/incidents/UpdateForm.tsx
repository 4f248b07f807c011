import { Button, Checkbox, NativeSelect, TextInput, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { ApiError, api, messageOf } from '../lib/api'
import { plural } from '../lib/format'
import { toast } from '../lib/toast'
import type { Incident, IncidentStatus, Page, Template } from '../lib/types'
import { bodyVariables } from '../inbox/composer/templates'
import { Problem } from '../settings/parts/ConfirmDialog'
import { options } from '../tickets/tickets'
import { STATUSES, incidentChanged } from './incidents'
import i from './incidents.module.css'

/** One text to everybody, each on their own channel. */
export function UpdateForm({ incident }: { incident: Incident }) {
  const [clientId, setClientId] = useState(() => crypto.randomUUID())
  const [text, setText] = useState('')
  const [status, setStatus] = useState<IncidentStatus>(incident.status === 'resolved' ? 'monitoring' : incident.status)
  const [resolves, setResolves] = useState(false)
  const [templateId, setTemplateId] = useState('')
  const [values, setValues] = useState<Record<string, string>>({})
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const { data: templates } = useQuery({
    queryKey: ['templates', 'approved'],
    queryFn: ({ signal }) =>
      api.get<Page<Template>>('/templates', signal).then((page) => page.items.filter((each) => each.status === 'APPROVED' && each.category !== 'MARKETING')),
  })
  const template = templates?.find((each) => each.id === templateId)
  const variables = bodyVariables(template)

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      await api.post(`/incidents/${incident.id}/updates`, {
        client_id: clientId,
        text: text.trim(),
        status,
        resolves,
        template: template ? { name: template.name, language: template.language, parameters: { body: values } } : null,
      })
      toast('The update goes out')
      setText('')
      setResolves(false)
      setClientId(crypto.randomUUID())
    } catch (reason) {
      if (reason instanceof ApiError) setClientId(crypto.randomUUID())
      setError(reason)
    }
    setBusy(false)
    incidentChanged(incident.id)
  }

  return (
    <form className={i.form} onSubmit={(event) => void submit(event)} aria-label="Update to all">
      <Textarea
        label={`Tell all ${plural(incident.linked, 'conversation')}`}
        placeholder="What happened, and what comes next"
        autosize
        minRows={3}
        maxLength={4000}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <div className={i.pair}>
        <NativeSelect
          size="xs"
          label="Status"
          value={resolves ? 'resolved' : status}
          disabled={resolves}
          data={options(STATUSES)}
          onChange={(event) => setStatus(event.currentTarget.value as IncidentStatus)}
        />
        {(templates?.length ?? 0) > 0 && (
          <NativeSelect
            size="xs"
            label="Where the reply window has closed"
            value={templateId}
            data={[{ value: '', label: 'Do not send' }, ...(templates ?? []).map((each) => ({ value: each.id, label: `Template ${each.name} (${each.language})` }))]}
            onChange={(event) => {
              setTemplateId(event.currentTarget.value)
              setValues({})
            }}
          />
        )}
        {variables.map((each) => (
          <TextInput
            key={each.key}
            size="xs"
            label={`Template's {{${each.key}}}`}
            placeholder={each.example ?? ''}
            value={values[each.key] ?? ''}
            onChange={(event) => setValues({ ...values, [each.key]: event.currentTarget.value })}
          />
        ))}
      </div>
      <Checkbox
        size="sm"
        label="It is over: solve the tickets and close the conversations afterwards"
        checked={resolves}
        onChange={(event) => setResolves(event.currentTarget.checked)}
      />
      <Problem text={error ? messageOf(error) : ''} />
      <Button type="submit" size="xs" loading={busy} disabled={!text.trim() || incident.linked === 0}>
        Send to {plural(incident.linked, 'conversation')}
      </Button>
    </form>
  )
}
