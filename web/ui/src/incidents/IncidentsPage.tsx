import { Button, NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useNow } from '../inbox/useNow'
import { listTime, plural } from '../lib/format'
import { useShortcut } from '../lib/keys'
import { useCan } from '../lib/session'
import { Tabs } from '../tickets/Tabs'
import { Badge } from '../ui/Badge'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState } from '../ui/ErrorState'
import { IconPlus, IconSpeakerphone } from '../ui/icons'
import { Skeleton } from '../ui/Skeleton'
import { TwoPane } from '../ui/TwoPane'
import pane from '../ui/two-pane.module.css'
import s from '../tickets/tickets.module.css'
import { IncidentDetail } from './IncidentDetail'
import { ReportDialog } from './ReportDialog'
import { STATUSES, TONES, incidentsQuery } from './incidents'

export default function IncidentsPage() {
  const { incidentId } = useParams({ strict: false })
  return (
    <TwoPane
      title="Incidents"
      allowed={useCan('inbox.read')}
      wide
      list={<IncidentList />}
      detail={incidentId && <IncidentDetail key={incidentId} id={incidentId} />}
      nothing={
        <EmptyState
          icon={IconSpeakerphone}
          title="No incident is open"
          text="One problem that many customers have: link their conversations, and tell all of them at once."
        />
      }
    />
  )
}

function IncidentList() {
  const navigate = useNavigate()
  const mayReply = useCan('inbox.reply')
  const now = useNow()
  const [state, setState] = useState<'active' | 'resolved'>('active')
  const [reporting, setReporting] = useState(false)
  const { data: incidents, error, refetch } = useQuery(incidentsQuery(state))
  useShortcut('c', 'Report an incident', 'Conversations', () => setReporting(true), mayReply)
  return (
    <section className={pane.list} aria-label="Incidents">
      <div className={pane.listHead}>
        <div className={s.listTitle}>
          <Tabs title="Incidents" />
          {mayReply && (
            <Button size="xs" leftSection={<IconPlus size={15} />} onClick={() => setReporting(true)}>
              Report
            </Button>
          )}
        </div>
        <NativeSelect
          size="xs"
          aria-label="Show"
          value={state}
          data={[
            { value: 'active', label: 'Going on' },
            { value: 'resolved', label: 'Resolved' },
          ]}
          onChange={(event) => setState(event.currentTarget.value as 'active' | 'resolved')}
        />
      </div>
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !incidents ? (
        <div className={s.waiting}>
          <Skeleton height={52} />
          <Skeleton height={52} />
        </div>
      ) : incidents.length === 0 ? (
        <EmptyState icon={IconSpeakerphone} title={state === 'active' ? 'Nothing is going on' : 'Nothing was resolved yet'} />
      ) : (
        <nav className={pane.rows} aria-label="Incidents">
          {incidents.map((incident) => (
            <Link key={incident.id} to="/incidents/$incidentId" params={{ incidentId: incident.id }} className={s.row} preload={false}>
              <span className={s.rowTop}>
                <b>{incident.title}</b>
                <time dateTime={incident.updated_at}>{listTime(incident.updated_at, now)}</time>
              </span>
              <span className={s.rowBottom}>
                <span className={s.rowWho}>{plural(incident.linked, 'conversation')}</span>
                <Badge tone={TONES[incident.status]}>{STATUSES[incident.status]}</Badge>
              </span>
            </Link>
          ))}
        </nav>
      )}
      {reporting && (
        <ReportDialog
          onClose={() => setReporting(false)}
          onMade={(made) => void navigate({ to: '/incidents/$incidentId', params: { incidentId: made.id } })}
        />
      )}
    </section>
  )
}
