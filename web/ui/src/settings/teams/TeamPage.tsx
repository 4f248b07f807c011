import { Button, Checkbox, MultiSelect, NumberInput, Radio, Select, Switch, Textarea, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { teamsQuery } from '../../inbox/list/choices'
import { useMembers } from '../../inbox/presence'
import { api, query } from '../../lib/api'
import { useCan } from '../../lib/session'
import { toast } from '../../lib/toast'
import type { Team, TeamIn } from '../../lib/types'
import { accountsQuery } from '../channels/accounts'
import { calendarsQuery } from '../calendars/calendars'
import { ConfirmDialog } from '../parts/ConfirmDialog'
import { FormPage, useSaving } from '../parts/FormPage'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { Panel } from '../parts/Panel'
import { FailedPage } from '../parts/States'
import { useGoTo } from '../parts/useSettingsPath'
import { NeedsEditor } from './NeedsEditor'
import { STRATEGIES } from './strategies'
import s from './teams.module.css'

const BACK = { to: 'teams', label: 'Teams' }
const FRESH: TeamIn = { name: '', strategy: 'least_busy', sticky: true, members: [], account_ids: [], needs: [] }

/** `new`, or the team of this id */
export function TeamPage({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(teamsQuery)
  const team = data?.find((each) => each.id === id)
  if (error && !data) return <FailedPage title="Team" back={BACK} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton />
  if (id !== 'new' && !team) return <Heading title="This team is gone" text="Somebody has deleted it." back={BACK} />
  return <TeamForm key={team?.revision ?? 'new'} team={team ?? null} teams={data} />
}

function TeamForm({ team, teams }: { team: Team | null; teams: Team[] }) {
  const manages = useCan('inbox.manage')
  const client = useQueryClient()
  const goTo = useGoTo()
  const members = useMembers().filter((member) => member.status === 'active')
  const { data: accounts } = useQuery({ ...accountsQuery, enabled: useCan('accounts.read') })
  const { data: calendars } = useQuery(calendarsQuery)
  const [value, setValue] = useState<TeamIn>(() => (team ? given(team) : FRESH))
  const [deleting, setDeleting] = useState(false)
  const change = (part: Partial<TeamIn>) => setValue((known) => ({ ...known, ...part }))
  const others = teams.filter(({ id }) => id !== team?.id)
  const chosen = members.filter(({ id }) => value.members?.includes(id))
  const routed = value.strategy !== 'manual'

  const saving = useSaving(async () => {
    if (team) await api.put(`/teams/${team.id}`, { ...value, revision: team.revision })
    else await api.post('/teams', value)
    await client.invalidateQueries({ queryKey: ['teams'] })
    toast('Saved.')
    goTo('teams')
  })
  const { refusal } = saving

  return (
    <FormPage
      label="Team"
      heading={
        <Heading
          title={team?.name ?? 'New team'}
          back={BACK}
          actions={
            team &&
            manages && (
              <>
                <Button variant="default" onClick={() => goTo(`teams/${team.id}/queue`)}>
                  Queue
                </Button>
                <Button variant="default" color="red" onClick={() => setDeleting(true)}>
                  Delete
                </Button>
              </>
            )
          }
        />
      }
      saving={saving}
      editable={manages}
      back="teams"
      around={deleting && team && <DeleteTeam team={team} others={others} onClose={() => setDeleting(false)} />}
    >
      <Panel title="Who">
        <div className={s.row}>
          <TextInput
            label="Name"
            placeholder="Support"
            required
            withAsterisk={false}
            maxLength={60}
            value={value.name}
            onChange={(event) => change({ name: event.currentTarget.value })}
            error={refusal?.field('name')}
          />
          <Select
            label="Business hours"
            placeholder="Always open"
            clearable
            data={(calendars ?? []).map(({ id, name }) => ({ value: id, label: name }))}
            value={value.calendar_id ?? null}
            onChange={(calendar_id) => change({ calendar_id })}
          />
        </div>
        <MultiSelect
          label="Members"
          searchable
          data={members.map(({ id, name }) => ({ value: id, label: name }))}
          value={value.members ?? []}
          onChange={(next) => change({ members: next, ...(!next.includes(value.lead_id ?? '') && { lead_id: null }) })}
          error={refusal?.field('members')}
        />
        <div className={s.row}>
          <Select
            label="Lead"
            placeholder="Nobody"
            clearable
            data={chosen.map(({ id, name }) => ({ value: id, label: name }))}
            value={value.lead_id ?? null}
            onChange={(lead_id) => change({ lead_id })}
          />
        </div>
        <MultiSelect
          label="Channels"
          description="What customers write there comes to this team; an account belongs to one team."
          data={(accounts?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
          value={value.account_ids ?? []}
          onChange={(account_ids) => change({ account_ids })}
          error={refusal?.field('account_ids')}
        />
      </Panel>
      <Panel title="How conversations are given out" text="Only to members who are online, within their hours, with room for one more.">
        <Radio.Group
          aria-label="Strategy"
          value={value.strategy ?? 'manual'}
          onChange={(strategy) => change({ strategy: strategy as Team['strategy'] })}
        >
          <div className={s.choices}>
            {Object.entries(STRATEGIES).map(([key, { label, text }]) => (
              <Radio key={key} value={key} label={label} description={text} />
            ))}
          </div>
        </Radio.Group>
        {routed && (
          <>
            <Switch
              label="Back to the same agent"
              description="Who comes back gets whoever answered last, if that one is there and has room."
              checked={value.sticky ?? false}
              onChange={(event) => change({ sticky: event.currentTarget.checked })}
            />
            <Switch
              label="In the customer's language"
              description="To members who speak it, if any of the team does."
              checked={value.by_language ?? false}
              onChange={(event) => change({ by_language: event.currentTarget.checked })}
            />
            <NeedsEditor needs={value.needs ?? []} problems={refusal?.fields ?? []} onChange={(needs) => change({ needs })} />
          </>
        )}
      </Panel>
      {others.length > 0 && (
        <Panel title="Overflow" text="What nobody of this team takes in time goes to another team, and keeps its place.">
          <div className={s.row}>
            <Select
              label="To"
              placeholder="Nowhere"
              clearable
              data={others.map(({ id, name }) => ({ value: id, label: name }))}
              value={value.overflow_team_id ?? null}
              onChange={(id) =>
                change({ overflow_team_id: id, overflow_minutes: id ? (value.overflow_minutes ?? 15) : null })
              }
            />
            {value.overflow_team_id && (
              <NumberInput
                label="After minutes"
                min={1}
                max={10_080}
                value={value.overflow_minutes ?? ''}
                onChange={(minutes) => change({ overflow_minutes: typeof minutes === 'number' ? minutes : null })}
                error={refusal?.field('overflow_minutes')}
              />
            )}
          </div>
          {value.overflow_team_id && (
            <Checkbox
              label="At once when this team is closed"
              checked={value.overflow_when_closed ?? false}
              onChange={(event) => change({ overflow_when_closed: event.currentTarget.checked })}
            />
          )}
        </Panel>
      )}
      <Panel title="What customers are told" text="Sent by itself, within what each channel and each person allows.">
        <Textarea
          label="While the team is closed"
          description={'Once for each time it is closed. {{ team.opens_at }}, {{ contact.first_name }} and the like are filled in.'}
          placeholder="Thank you for your message. We are back {{ team.opens_at }}."
          autosize
          minRows={2}
          maxLength={1_000}
          value={value.closed_reply ?? ''}
          onChange={(event) => change({ closed_reply: event.currentTarget.value })}
          error={refusal?.field('closed_reply')}
        />
        <Textarea
          label="While they wait"
          description="After a short wait, and again whenever their place has halved."
          placeholder="You are number {{ queue.position }}; we expect to answer in about {{ queue.minutes }} minutes."
          autosize
          minRows={2}
          maxLength={1_000}
          value={value.position_reply ?? ''}
          onChange={(event) => change({ position_reply: event.currentTarget.value })}
          error={refusal?.field('position_reply')}
        />
      </Panel>
    </FormPage>
  )
}

/** Asks where its conversations go, because a team in use is not simply deleted. */
function DeleteTeam({ team, others, onClose }: { team: Team; others: Team[]; onClose: () => void }) {
  const client = useQueryClient()
  const goTo = useGoTo()
  const [heir, setHeir] = useState<string>('none')
  return (
    <ConfirmDialog
      title={`Delete ${team.name}?`}
      confirm="Delete"
      onConfirm={async () => {
        await api.delete(`/teams/${team.id}${query({ move_to: heir })}`)
        await client.invalidateQueries({ queryKey: ['teams'] })
        goTo('teams')
        toast(`${team.name} was deleted.`)
      }}
      onClose={onClose}
    >
      <Select
        label="Its open conversations and channels go to"
        allowDeselect={false}
        data={[{ value: 'none', label: 'No team' }, ...others.map(({ id, name }) => ({ value: id, label: name }))]}
        value={heir}
        onChange={(next) => next && setHeir(next)}
      />
    </ConfirmDialog>
  )
}

function given(team: Team): TeamIn {
  const { id: _id, revision: _revision, ...values } = team
  return values
}
