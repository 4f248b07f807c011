import { ActionIcon, Button, MultiSelect, NativeSelect, Switch, TagsInput, TextInput } from '@mantine/core'
import { FIELD_KINDS, fieldsQuery } from '../../contacts/contactFields'
import type { ContactField, ContactFields } from '../../lib/types'
import { Badge } from '../../ui/Badge'
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from '../../ui/icons'
import { Panel } from '../parts/Panel'
import { WholeFields, WholePage, type Whole } from '../parts/WholePage'
import { freeKey } from '../parts/freeKey'
import p from '../parts/parts.module.css'
import s from './fields.module.css'

const TITLE = 'Contact fields'
type Stage = ContactFields['stages'][number]

export default function FieldsPage() {
  return (
    <WholePage
      title={TITLE}
      text="What you keep of your contacts, and how far they have come with you."
      read="contacts.read"
      manage="inbox.manage"
      query={fieldsQuery}
      path="/contact-fields"
      part={(stored) => stored}
      Body={Fields}
    />
  )
}

function Fields({ stored, value: known, set, mayManage }: Whole<ContactFields, ContactFields>) {
  const fields = known.fields ?? []
  const stages = known.stages
  const roles = known.roles ?? []

  const setField = (at: number, change: Partial<ContactField>) =>
    set({ fields: fields.map((field, index) => (index === at ? { ...field, ...change } : field)) })
  const setStage = (at: number, change: Partial<Stage>) =>
    set({ stages: stages.map((stage, index) => (index === at ? { ...stage, ...change } : stage)) })

  function moveStage(at: number, by: number) {
    const moved = [...stages]
    const [stage] = moved.splice(at, 1)
    if (stage) moved.splice(at + by, 0, stage)
    set({ stages: moved })
  }

  function removeStage(id: string) {
    set({
      stages: stages.filter((stage) => stage.id !== id),
      fields: fields.map((field) => ({ ...field, required_for: (field.required_for ?? []).filter((each) => each !== id) })),
    })
  }

  return (
    <WholeFields label={TITLE} mayManage={mayManage}>
      <Panel
        title="Fields"
        text="Shown with every contact, and in texts as {{ contact.fields.key }}. One that has values is archived rather than deleted."
        actions={
          <Button
            variant="default"
            size="xs"
            leftSection={<IconPlus size={14} />}
            onClick={() =>
              set({ fields: [...fields, { key: freeKey('field', fields.map((f) => f.key)), label: 'New field', kind: 'text', options: [], required_for: [], description: '', archived: false, private: false, used: false }] })
            }
          >
            Add a field
          </Button>
        }
      >
        {fields.length === 0 && <p className={p.muted}>No fields yet: birthday, size, contract number…</p>}
        {fields.map((field, at) => (
          <div key={at} className={s.field}>
            <div className={s.line}>
              <TextInput size="xs" label="Label" value={field.label} maxLength={100} onChange={(event) => setField(at, { label: event.currentTarget.value })} />
              <TextInput
                size="xs"
                label="Key"
                value={field.key}
                maxLength={40}
                disabled={stored.fields?.some((each) => each.key === field.key) ?? false}
                onChange={(event) => setField(at, { key: event.currentTarget.value })}
              />
              <NativeSelect
                size="xs"
                label="Kind"
                value={field.kind ?? 'text'}
                disabled={field.used ?? false}
                data={Object.entries(FIELD_KINDS).map(([value, label]) => ({ value, label }))}
                onChange={(event) => setField(at, { kind: event.currentTarget.value as ContactField['kind'] & string })}
              />
              <span className={s.end}>
                {field.used ? (
                  <Button size="xs" variant="subtle" onClick={() => setField(at, { archived: !field.archived })}>
                    {field.archived ? 'Restore' : 'Archive'}
                  </Button>
                ) : (
                  <ActionIcon aria-label={`Remove ${field.label}`} onClick={() => set({ fields: fields.filter((_, index) => index !== at) })}>
                    <IconTrash size={16} />
                  </ActionIcon>
                )}
              </span>
            </div>
            {field.archived ? (
              <span>
                <Badge tone="neutral">Archived</Badge>
              </span>
            ) : (
              <div className={s.pair}>
                <TextInput
                  size="xs"
                  label="Description"
                  placeholder="What to enter here"
                  value={field.description ?? ''}
                  maxLength={500}
                  onChange={(event) => setField(at, { description: event.currentTarget.value })}
                />
                <MultiSelect
                  size="xs"
                  label="Needed before a contact is"
                  placeholder={field.required_for?.length ? '' : 'Never'}
                  value={field.required_for ?? []}
                  data={stages.map((stage) => ({ value: stage.id, label: stage.label }))}
                  onChange={(chosen) => setField(at, { required_for: chosen })}
                />
                <Switch
                  size="xs"
                  label="Private"
                  description="Folded away while it is not sure who writes."
                  checked={field.private ?? false}
                  onChange={(event) => setField(at, { private: event.currentTarget.checked })}
                />
                {(field.kind === 'choice' || field.kind === 'choices') && (
                  <TagsInput
                    size="xs"
                    label="Options"
                    value={field.options ?? []}
                    placeholder="Write one, press Enter"
                    onChange={(chosen) => setField(at, { options: chosen })}
                  />
                )}
              </div>
            )}
          </div>
        ))}
      </Panel>
      <Panel
        title="Stages"
        text="How far a contact has come, in this order. A stage is only changed by hand, by an import or by an automation of yours, never by itself."
        actions={
          <Button
            variant="default"
            size="xs"
            leftSection={<IconPlus size={14} />}
            onClick={() => set({ stages: [...stages, { id: freeKey('stage', stages.map((stage) => stage.id)), label: 'New stage' }] })}
          >
            Add a stage
          </Button>
        }
      >
        {stages.map((stage, at) => (
          <div key={stage.id} className={s.stage}>
            <TextInput size="xs" aria-label={`Stage ${at + 1}`} value={stage.label} maxLength={100} onChange={(event) => setStage(at, { label: event.currentTarget.value })} />
            <ActionIcon aria-label={`Move ${stage.label} up`} disabled={at === 0} onClick={() => moveStage(at, -1)}>
              <IconArrowUp size={16} />
            </ActionIcon>
            <ActionIcon aria-label={`Move ${stage.label} down`} disabled={at === stages.length - 1} onClick={() => moveStage(at, 1)}>
              <IconArrowDown size={16} />
            </ActionIcon>
            <ActionIcon aria-label={`Remove ${stage.label}`} disabled={stages.length === 1} onClick={() => removeStage(stage.id)}>
              <IconTrash size={16} />
            </ActionIcon>
          </div>
        ))}
      </Panel>
      <Panel
        title="Roles in a company"
        text="What people can be in the company that they belong to. Conditions ask for it, and tables are imported and exported with it."
        actions={
          <Button
            variant="default"
            size="xs"
            leftSection={<IconPlus size={14} />}
            onClick={() => set({ roles: [...roles, { id: freeKey('role', roles.map((role) => role.id)), label: 'New role' }] })}
          >
            Add a role
          </Button>
        }
      >
        {roles.length === 0 && <p className={p.muted}>No roles: people belong to a company, and nothing more is known.</p>}
        {roles.map((role, at) => (
          <div key={role.id} className={s.stage}>
            <TextInput
              size="xs"
              aria-label={`Role ${at + 1}`}
              value={role.label}
              maxLength={100}
              onChange={(event) => {
                const label = event.currentTarget.value
                set({ roles: roles.map((each, index) => (index === at ? { ...each, label } : each)) })
              }}
            />
            <ActionIcon aria-label={`Remove ${role.label}`} onClick={() => set({ roles: roles.filter((_, index) => index !== at) })}>
              <IconTrash size={16} />
            </ActionIcon>
          </div>
        ))}
      </Panel>
      <Panel title="Phone numbers" text="Numbers that are imported or searched for without their country are taken to be of this one.">
        <TextInput
          label="Country"
          description="Two letters, such as GH or BR; empty: such numbers are not accepted"
          value={known.region ?? ''}
          maxLength={2}
          className={s.short ?? ''}
          onChange={(event) => set({ region: event.currentTarget.value.toUpperCase() || null })}
        />
      </Panel>
    </WholeFields>
  )
}
