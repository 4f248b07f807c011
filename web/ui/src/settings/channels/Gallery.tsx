import { useQuery } from '@tanstack/react-query'
import type { ChannelKind } from '../../lib/types'
import { useCan } from '../../lib/session'
import { CHANNEL_ORDER, ChannelIcon } from '../../ui/ChannelIcon'
import { ErrorState } from '../../ui/ErrorState'
import { IconChevronRight } from '../../ui/icons'
import { Heading } from '../parts/Heading'
import { RowsSkeleton } from '../parts/PageSkeleton'
import { SettingsLink } from '../parts/SettingsLink'
import { ForbiddenPage } from '../parts/States'
import { kindsQuery } from './accounts'
import { guideOf } from './guides'
import s from './channels.module.css'

export function GalleryPage() {
  const mayManage = useCan('accounts.manage')
  if (!mayManage) return <ForbiddenPage title="Connect a channel" back={{ to: 'channels', label: 'Channels' }} />
  return (
    <>
      <Heading
        title="Connect a channel"
        text="You can connect several accounts of one kind, such as a number for each country."
        back={{ to: 'channels', label: 'Channels' }}
      />
      <Gallery />
    </>
  )
}

/** The kinds of channel to choose from. */
export function Gallery() {
  const { data, error, refetch } = useQuery(kindsQuery)
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!data) return <RowsSkeleton />
  const order = (kind: ChannelKind) => CHANNEL_ORDER.indexOf(kind.kind)
  return (
    <ul className={s.gallery} aria-label="Kinds of channel">
      {data.items
        .toSorted((one, other) => order(one) - order(other))
        .map((kind) => (
          <KindCard key={kind.kind} kind={kind} />
        ))}
    </ul>
  )
}

function KindCard({ kind }: { kind: ChannelKind }) {
  const { needs, minutes } = guideOf(kind.kind)
  return (
    <li className={s.kind}>
      <span className={s.mark}>
        <ChannelIcon channel={kind.kind} size={24} />
      </span>
      <div>
        <h2>
          <SettingsLink to={`channels/new/${kind.kind}`}>{kind.label}</SettingsLink>
        </h2>
        <p>{kind.tagline}</p>
        <p className={s.kindNeeds}>
          {needs}. About {minutes} minutes.
        </p>
      </div>
      <IconChevronRight size={18} aria-hidden />
    </li>
  )
}
