import type { CSSProperties, ReactNode } from 'react'
import { initials } from '../lib/format'
import type { Availability } from '../lib/types'
import { IconUser } from './icons'
import s from './ui.module.css'

const ONE_LETTER_BELOW_PX = 22

interface AvatarProps {
  name: string
  hue: number
  size?: number
  presence?: Availability
  /** a mark at the lower right corner, such as the channel */
  badge?: ReactNode
  imageUrl?: string | null
}

export function Avatar({ name, hue, size = 36, presence, badge, imageUrl }: AvatarProps) {
  const all = initials(name)
  const letters = size < ONE_LETTER_BELOW_PX ? all.slice(0, 1) : all
  return (
    <span className={s.avatar} style={{ '--hue': hue, '--size': `${size}px` } as CSSProperties} aria-hidden>
      {imageUrl ? (
        <img src={imageUrl} alt="" loading="lazy" />
      ) : letters ? (
        // Letters by CSS: as text they would count as the label of every button an avatar stands in.
        <i className={s.letters} data-letters={letters} />
      ) : (
        <IconUser size={size * 0.5} stroke={1.8} />
      )}
      {presence && <i className={s.presence} data-presence={presence} />}
      {badge && <i className={s.avatarBadge}>{badge}</i>}
    </span>
  )
}
