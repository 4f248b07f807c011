import { ActionIcon, Button, Checkbox, MultiSelect, NativeSelect, NumberInput, Switch, TagsInput, TextInput, Textarea } from '@mantine/core'
import { useMembers } from '../../inbox/presence'
import type { TicketCategory, TicketField, TicketForms, TicketStatus } from '../../lib/types'
import { PRIORITIES, STATUSES, formsQuery, options } from '../../tickets/tickets'
import { IconPlus, IconTrash } from '../../ui/icons'
import { Panel } from '../parts/Panel'
import { WholeFields, WholePage, type Whole } from '../parts/WholePage'
import { freeKey } from '../parts/freeKey'
import p from '../parts/parts.module.css'
import s from './ticketForms.module.css'

const KINDS: Record<NonNullable<TicketField['kind']>, string> = {
  text: 'Text',
  number: 'Number',
  date: 'Date',
  checkbox: 'Yes or no',
  choice: 'Choice',
}

export default function TicketFormsPage() {
  return (
    <WholePage
      title="Tickets"
      text="Categories with their forms, fields of your own, and what customers are told."
      read="inbox.read"
      manage="inbox.manage"
      query={formsQuery}
      path="/ticket-forms"
      part={(stored) => stored}
      Body={Forms}
    />
  )
}

function Forms({ value: forms, set, mayManage }: Whole<TicketForms, TicketForms>) {
  const members = useMembers()
  const fields = forms.fields ?? []
  const categories = forms.categories ?? []
  const overdue = forms.overdue ?? {}

  const setField = (at: number, change: Partial<TicketField>) =>
    set({ fields: fields.map((field, index) => (index === at ? { ...field, ...change } : field)) })
  const setCategory = (at: number, change: Partial<TicketCategory>) =>
    set({ categories: categories.map((each, index) => (index === at ? { ...each, ...change } : each)) })

  function removeField(key: string) {
    set({
      fields: fields.filter((field) => field.key !== key),
      categories: categories.map((each) => ({
        ...each,
        fields: (each.fields ?? []).filter((field) => field !== key),
        required: (each.required ?? []).filter((field) => field !== key),
      })),
    })
  }

  return (
    <WholeFields label="Tickets" mayManage={mayManage}>
      <Panel
        title="Fields"
        text="What tickets carry beside title and description. A category decides which of them it shows."
        actions={
          <Button
            variant="default"
            size="xs"
            leftSection={<IconPlus size={14} />}
            onClick={() => set({ fields: [...fields, { key: freeKey('field', fields.map((field) => field.key)), label: 'New field', kind: 'text', options: [] }] })}
          >
            Add a field
          </Button>
        }
      >
        {fields.length === 0 && <p className={p.muted}>No fields yet.</p>}
        {fields.map((field, at) => (
          <div key={field.key} className={s.line}>
            <TextInput size="xs" label="Label" value={field.label} maxLength={100} onChange={(event) => setField(at, { label: event.currentTarget.value })} />
            <NativeSelect
              size="xs"
              label="Kind"
              value={field.kind ?? 'text'}
              data={options(KINDS)}
              onChange={(event) => setField(at, { kind: event.currentTarget.value as TicketField['kind'] & string })}
            />
            {field.kind === 'choice' ? (
              <TagsInput
                size="xs"
                label="Options"
                value={field.options ?? []}
                placeholder="Write one, press Enter"
                onChange={(chosen) => setField(at, { options: chosen })}
              />
            ) : (
              <span />
            )}
            <ActionIcon aria-label={`Remove ${field.label}`} onClick={() => removeField(field.key)}>
              <IconTrash size={16} />
            </ActionIcon>
          </div>
        ))}
      </Panel>
      <Panel
        title="Categories"
        text="Each with its form: the fields shown, those needed before a ticket is solved, and the steps it starts with."
        actions={
          <Button
            variant="default"
            size="xs"
            leftSection={<IconPlus size={14} />}
            onClick={() =>
              set({ categories: [...categories, { id: crypto.randomUUID(), name: 'New category', fields: [], required: [], checklist: [], priority: 'normal', team_id: null }] })
            }
          >
            Add a category
          </Button>
        }
      >
        {categories.length === 0 && <p className={p.muted}>No categories yet.</p>}
        {categories.map((category, at) => (
          <div key={category.id} className={s.category}>
            <div className={s.line}>
              <TextInput
                size="xs"
                label="Name"
                value={category.name}
                maxLength={100}
                onChange={(event) => setCategory(at, { name: event.currentTarget.value })}
              />
              <NativeSelect
                size="xs"
                label="Priority at first"
                value={category.priority ?? 'normal'}
                data={options(PRIORITIES)}
                onChange={(event) => setCategory(at, { priority: event.currentTarget.value as TicketCategory['priority'] & string })}
              />
              <MultiSelect
                size="xs"
                label="Fields shown"
                value={category.fields ?? []}
                data={fields.map((field) => ({ value: field.key, label: field.label }))}
                onChange={(chosen) =>
                  setCategory(at, { fields: chosen, required: (category.required ?? []).filter((key) => chosen.includes(key)) })
                }
              />
              <ActionIcon
                aria-label={`Remove ${category.name}`}
                onClick={() => set({ categories: categories.filter((each) => each.id !== category.id) })}
              >
                <IconTrash size={16} />
              </ActionIcon>
            </div>
            <div className={s.pair}>
              <MultiSelect
                size="xs"
                label="Needed before it is solved"
                value={category.required ?? []}
                data={fields.filter((field) => category.fields?.includes(field.key)).map((field) => ({ value: field.key, label: field.label }))}
                onChange={(chosen) => setCategory(at, { required: chosen })}
              />
              <TagsInput
                size="xs"
                label="Steps"
                value={category.checklist ?? []}
                placeholder="Write one, press Enter"
                onChange={(chosen) => setCategory(at, { checklist: chosen })}
              />
            </div>
          </div>
        ))}
      </Panel>
      <Panel title="Telling customers" text="When a ticket gets one of these statuses, the customer is told in chat, where they may be written to.">
        <Checkbox.Group
          aria-label="Statuses of which customers are told"
          value={forms.tell_on ?? []}
          onChange={(chosen) => set({ tell_on: chosen as TicketStatus[] })}
        >
          <div className={s.checks}>
            {options(STATUSES).map(({ value, label }) => (
              <Checkbox key={value} size="sm" value={value} label={label} />
            ))}
          </div>
        </Checkbox.Group>
        <Textarea
          label="Text"
          description="With {{ ticket.number }}, {{ ticket.title }}, {{ ticket.status }} and {{ ticket.link }}, the page on which they see it."
          value={forms.tell_text ?? ''}
          autosize
          maxLength={1000}
          onChange={(event) => set({ tell_text: event.currentTarget.value })}
        />
      </Panel>
      <Panel title="Unresolved for too long" text="A ticket that is not solved in time is flagged once, and somebody is told.">
        <div className={s.pair}>
          <NumberInput
            label="After hours"
            description="Empty: never"
            min={1}
            max={10000}
            allowDecimal={false}
            value={overdue.after_hours ?? ''}
            onChange={(value) => set({ overdue: { ...overdue, after_hours: typeof value === 'number' ? value : null } })}
          />
          <NativeSelect
            label="Tell"
            description="Who looks after it then"
            value={overdue.notify ?? ''}
            data={[{ value: '', label: 'The supervisors' }, ...members.map((member) => ({ value: member.id, label: member.name }))]}
            onChange={(event) => set({ overdue: { ...overdue, notify: event.currentTarget.value || null } })}
          />
        </div>
        <Switch
          label="Time in which we wait for the customer counts, too"
          checked={overdue.counts_waiting ?? false}
          onChange={(event) => set({ overdue: { ...overdue, counts_waiting: event.currentTarget.checked } })}
        />
      </Panel>
    </WholeFields>
  )
}
