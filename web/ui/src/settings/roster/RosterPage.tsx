import { ActionIcon, Button, Select } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../lib/api'
import { plural } from '../../lib/format'
import { useCan } from '../../lib/session'
import { toast, toastError } from '../../lib/toast'
import { done } from '../../lib/undo'
import type { RosterDay, RosterRow } from '../../lib/types'
import { EmptyState } from '../../ui/EmptyState'
import { IconArrowLeft, IconArrowRight, IconCalendarWeek, IconCopy } from '../../ui/icons'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { FailedPage } from '../parts/States'
import { teamsQuery } from '../../inbox/list/choices'
import { AbsenceDialog } from './AbsenceDialog'
import { RosterGrid } from './RosterGrid'
import { ShiftDialog } from './ShiftDialog'
import { dayText, planText, plusDays, rosterQuery, weekTitle, type Place } from './roster'
import s from './roster.module.css'

/** Who is there on which day: dated shifts and absences beside the weekly schedules. */
export default function RosterPage() {
  const manages = useCan('inbox.manage')
  const client = useQueryClient()
  const [shown, setShown] = useState<string | null>(null)
  const [team, setTeam] = useState<string | null>(null)
  const [open, setOpen] = useState<Place | null>(null)
  const [absence, setAbsence] = useState(false)
  const { data: week, error, refetch } = useQuery(rosterQuery(shown, manages))
  const { data: teams } = useQuery({ ...teamsQuery, enabled: manages })
  const title = manages ? 'Roster' : 'Your shifts'
  if (error && !week) return <FailedPage title={title} error={error} onRetry={() => void refetch()} />
  if (!week) return <PageSkeleton title={title} />

  const members = teams?.find(({ id }) => id === team)?.members
  const rows = members ? week.items.filter(({ member_id }) => members.includes(member_id)) : week.items
  const chosen = open && found(week.items, open)
  const changed = () => client.invalidateQueries({ queryKey: ['roster'] })
  const thisWeek = week.first <= week.today && week.today <= plusDays(week.first, 6)

  /** Does it, shows it, and says why if it was refused. */
  async function act(what: string, doing: () => Promise<unknown>): Promise<boolean> {
    try {
      await doing()
      return true
    } catch (reason) {
      toastError(what, reason)
      return false
    } finally {
      await changed()
    }
  }

  async function clear(place: Place) {
    const before = found(week?.items ?? [], place)
    if (!before) return
    const { row, day } = before
    const url = `/roster/${place.memberId}/${place.day}`
    if (await act('This was not taken off the roster', () => api.delete(`${url}?revision=${day.revision}`))) {
      const planned = day.source === 'absence' ? { absence: day.absence } : { hours: day.hours }
      done(`Took ${planText(day)} of ${row.name} off ${dayText(day.day)}.`, () =>
        void act('This was not put back', () => api.put(url, { ...planned, revision: 0 })),
      )
    }
  }

  async function move(from: Place, to: Place, leave: boolean) {
    const body = { from_member_id: from.memberId, from_day: from.day, to_member_id: to.memberId, to_day: to.day, leave }
    const what = leave ? 'This was not copied' : 'This was not moved'
    if (!(await act(what, () => api.post('/roster/move', body)))) return
    const back = { from_member_id: to.memberId, from_day: to.day, to_member_id: from.memberId, to_day: from.day }
    done(leave ? `Copied to ${dayText(to.day)}.` : `Moved to ${dayText(to.day)}.`, () =>
      void act('This was not undone', () =>
        leave ? api.delete(`/roster/${to.memberId}/${to.day}`) : api.post('/roster/move', back),
      ),
    )
  }

  async function copyLastWeek() {
    if (!week) return
    await act('The week was not copied', async () => {
      const body = { from_day: plusDays(week.first, -7), to_day: week.first }
      const { copied, kept } = await api.post<{ copied: number; kept: number }>('/roster/copy-week', body)
      const left = kept > 0 ? ` ${plural(kept, 'day')} had a plan already and stayed.` : ''
      toast(copied + kept === 0 ? 'There were no shifts last week.' : `${plural(copied, 'shift')} copied.${left}`)
    })
  }

  return (
    <>
      <Heading
        title={title}
        text={
          manages
            ? 'Dated shifts and absences. A planned day comes before the weekly schedule; nobody is given conversations outside their hours.'
            : 'When you are given conversations: planned shifts, and your weekly schedule on all other days.'
        }
        actions={
          manages && (
            <>
              <Button variant="default" onClick={() => setAbsence(true)}>
                Plan an absence
              </Button>
              <Button leftSection={<IconCopy size={15} />} onClick={() => void copyLastWeek()}>
                Copy last week
              </Button>
            </>
          )
        }
      />
      <div className={s.bar}>
        <ActionIcon variant="default" size="lg" aria-label="The week before" onClick={() => setShown(plusDays(week.first, -7))}>
          <IconArrowLeft size={16} />
        </ActionIcon>
        <ActionIcon variant="default" size="lg" aria-label="The week after" onClick={() => setShown(plusDays(week.first, 7))}>
          <IconArrowRight size={16} />
        </ActionIcon>
        <h2 aria-live="polite">{weekTitle(week.first)}</h2>
        {!thisWeek && (
          <Button variant="default" size="xs" onClick={() => setShown(null)}>
            This week
          </Button>
        )}
        <span className={s.zone}>Times in {week.zone}</span>
        {manages && (teams?.length ?? 0) > 0 && (
          <Select
            aria-label="Team"
            placeholder="All teams"
            clearable
            data={(teams ?? []).map(({ id, name }) => ({ value: id, label: name }))}
            value={team}
            onChange={setTeam}
            w={180}
          />
        )}
      </div>
      {rows.length === 0 ? (
        <EmptyState icon={IconCalendarWeek} title="Nobody to plan for" text="Members who may answer customers stand here." />
      ) : (
        <RosterGrid
          week={week}
          rows={rows}
          {...(manages && { onOpen: setOpen, onClear: (place) => void clear(place), onMove: (...args) => void move(...args) })}
        />
      )}
      {chosen && (
        <ShiftDialog
          key={`${chosen.row.member_id}/${chosen.day.day}`}
          {...chosen}
          zone={week.zone}
          onSaved={changed}
          onClear={() => void clear({ memberId: chosen.row.member_id, day: chosen.day.day })}
          onClose={() => setOpen(null)}
        />
      )}
      {absence && (
        <AbsenceDialog rows={rows} first={thisWeek ? week.today : week.first} onSaved={changed} onClose={() => setAbsence(false)} />
      )}
    </>
  )
}

function found(rows: readonly RosterRow[], { memberId, day }: Place): { row: RosterRow; day: RosterDay } | null {
  const row = rows.find(({ member_id }) => member_id === memberId)
  const planned = row?.days.find((each) => each.day === day)
  return row && planned ? { row, day: planned } : null
}
