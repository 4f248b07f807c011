import { Link } from '@tanstack/react-router'
import { useCan } from '../../lib/session'
import type { Conversation } from '../../lib/types'
import { IconSpeakerphone } from '../../ui/icons'
import s from './thread.module.css'

/** The broadcast that a message belongs to, or that a conversation answers. */
export function CampaignMark({ campaign }: { campaign: NonNullable<Conversation['campaign']> }) {
  const allowed = useCan('broadcasts.read')
  const shown = (
    <>
      <IconSpeakerphone size={12} aria-label="Broadcast" /> {campaign.name}
    </>
  )
  return (
    <span className={s.campaign}>
      {allowed ? (
        <Link to="/campaigns/$" params={{ _splat: `broadcasts/${campaign.id}` }} preload={false}>
          {shown}
        </Link>
      ) : (
        shown
      )}
    </span>
  )
}
