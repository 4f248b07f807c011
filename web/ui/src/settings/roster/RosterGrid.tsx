import { useRef, useState, type DragEvent, type KeyboardEvent } from 'react'
import { plural } from '../../lib/format'
import type { RosterDay, RosterRow, RosterWeek } from '../../lib/types'
import { Keys } from '../../ui/Kbd'
import { dateOf, dayText, isPlanned, planText, plusDays, weekHours, weekdayOf, type Place } from './roster'
import s from './roster.module.css'

interface RosterGridProps {
  week: RosterWeek
  rows: RosterRow[]
  /** without these the roster is only read */
  onOpen?: (place: Place) => void
  onClear?: (place: Place) => void
  onMove?: (from: Place, to: Place, leave: boolean) => void
}

interface Held {
  place: Place
  leave: boolean
}

const MOVES: Record<string, [number, number]> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
}

/** People by days. Arrows walk the cells; what is planned can be dragged, or cut, copied and pasted. */
export function RosterGrid({ week, rows, onOpen, onClear, onMove }: RosterGridProps) {
  const table = useRef<HTMLTableElement>(null)
  const [at, setAt] = useState<[number, number]>([0, 0])
  const [held, setHeld] = useState<Held | null>(null)
  const dragged = useRef<Place | null>(null)
  const days = Array.from({ length: 7 }, (_, n) => plusDays(week.first, n))
  const edits = onOpen !== undefined
  const focused: [number, number] = [Math.min(at[0], rows.length - 1), at[1]]

  function go(row: number, day: number) {
    const next: [number, number] = [Math.max(0, Math.min(rows.length - 1, row)), Math.max(0, Math.min(6, day))]
    setAt(next)
    table.current?.querySelector<HTMLElement>(`[data-cell="${next.join(' ')}"]`)?.focus()
  }

  function pressed(event: KeyboardEvent, row: number, day: number, place: Place, planned: boolean) {
    const move = MOVES[event.key]
    const command = event.ctrlKey || event.metaKey
    if (move) go(row + move[0], day + move[1])
    else if (event.key === 'Home') go(row, 0)
    else if (event.key === 'End') go(row, 6)
    else if ((event.key === 'Delete' || event.key === 'Backspace') && planned) onClear?.(place)
    else if (command && (event.key === 'c' || event.key === 'x') && planned) setHeld({ place, leave: event.key === 'c' })
    else if (command && event.key === 'v' && held) {
      onMove?.(held.place, place, held.leave)
      if (!held.leave) setHeld(null)
    } else if (event.key === 'Escape' && held) setHeld(null)
    else return
    event.preventDefault()
  }

  function dropped(event: DragEvent, place: Place) {
    event.preventDefault()
    const from = dragged.current
    dragged.current = null
    if (from && (from.memberId !== place.memberId || from.day !== place.day)) {
      onMove?.(from, place, event.altKey || event.ctrlKey || event.metaKey)
    }
  }

  const cell = (row: RosterRow, day: RosterDay, rowAt: number, dayAt: number) => {
    const place = { memberId: row.member_id, day: day.day }
    const planned = isPlanned(day)
    const elsewhere = day.source !== 'free' && day.zone !== week.zone && day.hours.length > 0
    const content = (
      <>
        <span className={s.text}>{planText(day)}</span>
        {elsewhere && <span className={s.elsewhere}>{day.zone}</span>}
      </>
    )
    return (
      <td
        key={day.day}
        role="gridcell"
        data-day={dayText(day.day)}
        data-today={day.day === week.today || undefined}
        onDragOver={(event) => edits && dragged.current && event.preventDefault()}
        onDrop={(event) => dropped(event, place)}
      >
        {edits ? (
          <button
            type="button"
            className={s.cell}
            data-source={day.source}
            data-off={day.hours.length === 0 || undefined}
            data-held={(held?.place.memberId === place.memberId && held.place.day === place.day) || undefined}
            data-cell={`${rowAt} ${dayAt}`}
            tabIndex={focused[0] === rowAt && focused[1] === dayAt ? 0 : -1}
            aria-label={`${row.name}, ${dayText(day.day)}: ${planText(day)}${day.source === 'schedule' ? ', by schedule' : ''}`}
            draggable={planned}
            onDragStart={() => (dragged.current = place)}
            onFocus={() => setAt([rowAt, dayAt])}
            onClick={() => onOpen(place)}
            onKeyDown={(event) => pressed(event, rowAt, dayAt, place, planned)}
          >
            {content}
          </button>
        ) : (
          <div className={s.cell} data-source={day.source} data-off={day.hours.length === 0 || undefined}>
            {content}
          </div>
        )}
      </td>
    )
  }

  return (
    <section className={s.frame} aria-label="Week">
      <table ref={table} className={s.grid} role="grid" aria-label="Roster" aria-readonly={!edits}>
        <thead>
          <tr role="row">
            <th role="columnheader" scope="col">
              Who
            </th>
            {days.map((day) => (
              <th key={day} role="columnheader" scope="col" data-today={day === week.today || undefined}>
                {weekdayOf(day)} <span>{dateOf(day)}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, rowAt) => (
            <tr key={row.member_id} role="row">
              <th role="rowheader" scope="row">
                {row.name} <span>{weekHours(row.days)}</span>
              </th>
              {row.days.map((day, dayAt) => cell(row, day, rowAt, dayAt))}
            </tr>
          ))}
        </tbody>
        {rows.length > 1 && (
          <tfoot>
            <tr role="row">
              <th role="rowheader" scope="row">
                There
              </th>
              {days.map((day, dayAt) => (
                <td key={day} role="gridcell" data-day={dayText(day)}>
                  {plural(rows.filter(({ days: its }) => its[dayAt]?.source === 'free' || its[dayAt]?.hours.length).length, 'person', 'people')}
                </td>
              ))}
            </tr>
          </tfoot>
        )}
      </table>
      {edits && (
        <p className={s.keys}>
          <span>
            <i data-source="shift" /> planned
          </span>
          <span>
            <i data-source="absence" /> absent
          </span>
          <span>
            <i data-source="schedule" /> by weekly schedule
          </span>
          <span className={s.only}>
            Drag to move, with <Keys keys="alt" /> to copy; <Keys keys="mod+x" />, <Keys keys="mod+c" />, <Keys keys="mod+v" /> and{' '}
            <Keys keys="delete" /> work too.
          </span>
        </p>
      )}
    </section>
  )
}
