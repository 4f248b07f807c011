import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { CampaignLink, useCampaign } from '../campaigns/CampaignLink'
import { Head } from '../campaigns/Head'
import { useCan } from '../lib/session'
import { Ago } from '../settings/parts/Ago'
import { RowsSkeleton } from '../settings/parts/PageSkeleton'
import p from '../settings/parts/parts.module.css'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState } from '../ui/ErrorState'
import { IconPlus, IconUsersGroup } from '../ui/icons'
import { Curve } from './Curve'
import { about, allSegmentsQuery } from './segments'
import s from './segments.module.css'

export function SegmentList() {
  const { data, error, refetch } = useQuery(allSegmentsQuery)
  const goTo = useCampaign()
  const create = useCan('contacts.write') && (
    <Button leftSection={<IconPlus size={16} />} onClick={() => goTo('segments/new')}>
      New segment
    </Button>
  )
  return (
    <>
      <Head
        title="Segments"
        text="Groups that keep themselves up to date: who fits is in, within seconds of what made them fit."
        actions={data && data.length > 0 && create}
      />
      <section className={p.list} aria-label="Segments">
        {error && !data ? (
          <ErrorState error={error} onRetry={() => void refetch()} />
        ) : !data ? (
          <RowsSkeleton />
        ) : data.length === 0 ? (
          <EmptyState
            icon={IconUsersGroup}
            title="No segments yet"
            text="Say whom you mean once, such as “bought twice this year and reads us on WhatsApp”, and write to them again and again."
            action={create}
          />
        ) : (
          <ul className={s.rows}>
            {data.map((segment) => (
              <li key={segment.id}>
                <CampaignLink to={`segments/${segment.id}`}>
                  <span className={s.name}>
                    <b>{segment.name}</b>
                    <small>{segment.description || <Changed segment={segment} />}</small>
                  </span>
                  <Curve days={segment.curve} />
                  <span className={s.size}>
                    <b>{about(segment.count, segment.exact)}</b>
                    <small>{segment.broken ? 'cannot be asked' : segment.state === 'counting' ? `being counted${segment.done ? `, ${Math.round(segment.done * 100)} %` : ''}` : segment.count === 1 ? 'person' : 'people'}</small>
                  </span>
                </CampaignLink>
              </li>
            ))}
          </ul>
        )}
      </section>
    </>
  )
}

function Changed({ segment }: { segment: { updated_at: string; updated_by_name: string } }) {
  return (
    <>
      Changed by {segment.updated_by_name}, <Ago at={segment.updated_at} />
    </>
  )
}
