import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMembers } from '../inbox/presence'
import { useCell } from '../lib/store'
import { IconAlertTriangle } from '../ui/icons'
import { changeTicket, facetLabel, refused, ticketQuery, useForms, valueLabel } from './tickets'
import s from './tickets.module.css'

/** A colleague was faster: what they did, and the choice between theirs and one's own. */
export function Conflict({ ticketId }: { ticketId: string }) {
  const conflict = useCell(refused)
  const { data: ticket } = useQuery(ticketQuery(ticketId))
  const forms = useForms()
  const members = useMembers()
  if (conflict?.ticketId !== ticketId || !ticket) return null
  return (
    <div className={s.conflict} role="alert">
      <IconAlertTriangle size={18} aria-hidden />
      <div>
        <b>Your change was not saved</b>
        {conflict.changed.map((each) => (
          <p key={each.what}>
            {each.name ?? 'A colleague'} has changed the {facetLabel(each.what, forms)} to{' '}
            <b>{valueLabel(each.what, each.value, forms, members)}</b> since you opened this ticket.
          </p>
        ))}
        <div className={s.conflictActions}>
          <Button size="xs" variant="default" onClick={() => refused.set(null)}>
            Keep theirs
          </Button>
          <Button
            size="xs"
            onClick={() => {
              refused.set(null)
              void changeTicket(ticket, conflict.wanted)
            }}
          >
            Use mine
          </Button>
        </div>
      </div>
    </div>
  )
}
