import { ActionIcon, Button, Checkbox } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { PhonePreview } from '../inbox/composer/PhonePreview'
import { fillPreview, variableKey } from '../inbox/composer/templates'
import { api } from '../lib/api'
import { fullTime, languageName } from '../lib/format'
import { usePhone } from '../lib/media'
import { queryClient } from '../lib/query'
import { useCan } from '../lib/session'
import { setTitle } from '../lib/title'
import { toast, toastError } from '../lib/toast'
import type { TemplateDraft, WholeTemplate } from '../lib/types'
import { Badge } from '../ui/Badge'
import { ErrorState } from '../ui/ErrorState'
import { IconAlertTriangle, IconArrowLeft, IconCopy, IconPencil, IconTrash } from '../ui/icons'
import { Skeleton } from '../ui/Skeleton'
import { ConfirmDialog } from '../settings/parts/ConfirmDialog'
import { qualityTone, qualityWord } from '../settings/channels/health'
import { copyName, newDraft, statusTone, templateQuery, templatesChanged, templatesQuery, words } from './templates'
import s from './templates.module.css'

export function TemplateDetail({ id }: { id: string }) {
  const { data: template, error, refetch } = useQuery(templateQuery(id))

  useEffect(() => {
    setTitle(`${template?.name ?? 'Template'} · Parley`)
  }, [template?.name])

  if (error && !template) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!template) {
    return (
      <div className={s.waiting} role="status" aria-label="Loading">
        <Skeleton width={320} height={36} />
        <Skeleton height={260} />
      </div>
    )
  }
  return <Detail template={template} />
}

const USES: Record<string, string> = { macro: 'Macro', reopener: 'Re-opener of', broadcast: 'Broadcast' }

function Detail({ template }: { template: WholeTemplate }) {
  const navigate = useNavigate()
  const mayWrite = useCan('templates.manage')
  const [deleting, setDeleting] = useState(false)
  const examples = Object.fromEntries(template.variables.map((each) => [variableKey(each), each.where === 'file' || each.where === 'offer' ? '' : (each.example ?? '')]))
  const { alarm, draft } = template

  async function write(next: TemplateDraft, templateId: string | null) {
    try {
      const made = await newDraft(template.account_id, next, templateId)
      void navigate({ to: '/templates/$templateId', params: { templateId: made.id } })
    } catch (error) {
      toastError('Not begun', error)
    }
  }

  async function act(what: string, said: string) {
    try {
      await api.post(`/templates/${template.id}/${what}`)
      toast(said)
      templatesChanged()
    } catch (error) {
      toastError('That did not work', error)
    }
  }

  const taken = (queryClient.getQueryData(templatesQuery.queryKey) ?? []).map((each) => each.name)
  return (
    <article className={s.detail} aria-label={`Template ${template.name}`}>
      <Head title={template.name}>
        {mayWrite && draft && template.changeable && (
          <Button size="xs" variant="default" leftSection={<IconPencil size={15} />} onClick={() => void write(draft, template.id)}>
            Edit
          </Button>
        )}
        {mayWrite && draft && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconCopy size={15} />}
            onClick={() => void write({ ...draft, name: copyName(template.name, taken) }, null)}
          >
            Duplicate
          </Button>
        )}
        {mayWrite && (
          <Button size="xs" variant="default" leftSection={<IconTrash size={15} />} onClick={() => setDeleting(true)}>
            Delete
          </Button>
        )}
      </Head>
      <div className={s.facts}>
        <Badge tone={statusTone(template.status)}>{words(template.status)}</Badge>
        <Badge>{words(template.category)}</Badge>
        <Badge>{languageName(template.language.replace('_', '-'))}</Badge>
        {template.quality && template.quality !== 'UNKNOWN' && (
          <Badge tone={qualityTone(template.quality)}>Quality: {qualityWord(template.quality)}</Badge>
        )}
      </div>
      {alarm && (
        <section className={s.alarm} aria-label="What happened">
          <IconAlertTriangle size={18} aria-hidden />
          <div>
            <b>{alarm.title}</b>
            {alarm.detail && <p>{alarm.detail}</p>}
            <p>{alarm.advice}</p>
            {alarm.at && <small>{fullTime(alarm.at)}</small>}
          </div>
          {mayWrite && (
            <Button size="compact-sm" variant="default" onClick={() => void act('seen', 'Noted')}>
              I have seen it
            </Button>
          )}
        </section>
      )}
      {template.rejected_reason && (
        <p className={s.reason}>
          The review says: <b>{words(template.rejected_reason)}</b>.
        </p>
      )}
      {mayWrite && template.status === 'PAUSED' && (
        <p className={s.reason}>
          It comes back by itself unless its quality falls again.{' '}
          <Button size="compact-sm" variant="default" onClick={() => void act('unpause', 'Taken out of its pause')}>
            Take it out of its pause
          </Button>
        </p>
      )}
      <div className={s.columns}>
        <section aria-label="How it reads">
          <h2>How it reads</h2>
          <PhonePreview preview={fillPreview(template, examples)} />
        </section>
        <section aria-label="Where it is used">
          <h2>Where it is used</h2>
          {template.uses.length === 0 ? (
            <p className={s.quiet}>In no macro, re-opener or broadcast.</p>
          ) : (
            <ul className={s.uses}>
              {template.uses.map((use) => (
                <li key={`${use.type}${use.id}`}>
                  {USES[use.type] ?? words(use.type)} <b>{use.name}</b>
                </li>
              ))}
            </ul>
          )}
        </section>
      </div>
      {deleting && <DeleteDialog template={template} onClose={() => setDeleting(false)} />}
    </article>
  )
}

/** What stands above a template or a draft; a phone shows the way back. */
export function Head({ title, children }: { title: string; children?: React.ReactNode }) {
  const phone = usePhone()
  return (
    <header className={s.head}>
      {phone && (
        <ActionIcon component={Link} to="/templates" variant="subtle" color="gray" aria-label="Back to the list">
          <IconArrowLeft size={18} />
        </ActionIcon>
      )}
      {phone ? <h1>{title}</h1> : <h2>{title}</h2>}
      <div className={s.actions}>{children}</div>
    </header>
  )
}

function DeleteDialog({ template, onClose }: { template: WholeTemplate; onClose: () => void }) {
  const navigate = useNavigate()
  const [all, setAll] = useState(false)
  return (
    <ConfirmDialog
      title={`Delete ${template.name}?`}
      confirm="Delete"
      onClose={onClose}
      onConfirm={async () => {
        await api.delete(`/templates/${template.id}${all ? '?all_languages=true' : ''}`)
        templatesChanged()
        void navigate({ to: '/templates' })
      }}
    >
      <p>It is deleted at the provider too, and its name cannot be used again for 30 days.</p>
      <Checkbox label="In all languages" checked={all} onChange={(event) => setAll(event.currentTarget.checked)} />
    </ConfirmDialog>
  )
}
