import { shortDay } from '../../lib/format'
import { useMe } from '../../lib/session'
import { useCell } from '../../lib/store'
import { channelLabel } from '../../ui/ChannelIcon'
import { IconX } from '../../ui/icons'
import { useMembers } from '../presence'
import { priorityLabel } from '../tags/priorities'
import { useTags, useTeams, useViews } from './choices'
import { clearFilters, filter, setFilter } from './lists'
import { useViewName } from './ViewMenu'
import s from './list.module.css'

const TABS = ['open', 'mine', 'unassigned', 'snoozed', 'closed']

/** What the list is narrowed by, each with a way to take it back. */
export function Chips() {
  const wanted = useCell(filter)
  const tags = useTags()
  const teams = useTeams()
  const members = useMembers()
  const me = useMe().member
  const viewName = useViewName(wanted.view)
  const progress = useViews().find((view) => view.id === wanted.view)
  const nameOf = <T extends { id: string; name: string }>(things: T[], id: string) => things.find((each) => each.id === id)?.name ?? 'Deleted'

  const chips: { key: string; label: string; off: () => void }[] = [
    ...wanted.channels.map((each) => ({
      key: each,
      label: channelLabel(each),
      off: () => setFilter({ channels: wanted.channels.filter((other) => other !== each) }),
    })),
    ...wanted.tags.map((each) => ({
      key: each,
      label: nameOf(tags, each),
      off: () => setFilter({ tags: wanted.tags.filter((other) => other !== each) }),
    })),
    ...wanted.assignees.map((each) => ({
      key: each,
      label: each === 'me' || each === me.id ? 'Assigned to me' : each === 'none' ? 'Assigned to nobody' : nameOf(members, each),
      off: () => setFilter({ assignees: wanted.assignees.filter((other) => other !== each) }),
    })),
    ...wanted.teams.map((each) => ({
      key: each,
      label: nameOf(teams, each),
      off: () => setFilter({ teams: wanted.teams.filter((other) => other !== each) }),
    })),
    ...wanted.priorities.map((each) => ({
      key: each,
      label: `${priorityLabel(each)} priority`,
      off: () => setFilter({ priorities: wanted.priorities.filter((other) => other !== each) }),
    })),
  ]
  if (wanted.unread) chips.push({ key: 'unread', label: 'Unread', off: () => setFilter({ unread: false }) })
  if (wanted.since) chips.push({ key: 'since', label: `Since ${shortDay(wanted.since)}`, off: () => setFilter({ since: null }) })
  if (wanted.until) chips.push({ key: 'until', label: `Until ${shortDay(wanted.until)}`, off: () => setFilter({ until: null }) })

  const named = !TABS.includes(wanted.view)
  if (!named && chips.length === 0) return null
  return (
    <div className={s.chips} role="group" aria-label="What is shown">
      {named && <Chip label={viewName} off={() => setFilter({ view: 'open' })} strong />}
      {named && progress?.of != null && progress.of > 0 && (
        <span className={s.progress} role="status">
          {Math.round((100 * (progress.done ?? 0)) / progress.of)} % looked at
        </span>
      )}
      {chips.map((chip) => (
        <Chip key={chip.key} label={chip.label} off={chip.off} />
      ))}
      {chips.length > 1 && (
        <button type="button" className={s.clear} onClick={clearFilters}>
          Clear
        </button>
      )}
    </div>
  )
}

function Chip({ label, off, strong }: { label: string; off: () => void; strong?: boolean }) {
  return (
    <span className={s.chip} data-strong={strong || undefined}>
      {label}
      <button type="button" aria-label={strong ? `Leave ${label}` : `Without ${label}`} onClick={off}>
        <IconX size={12} />
      </button>
    </span>
  )
}
