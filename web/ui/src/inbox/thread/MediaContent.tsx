import { duration, fileSize } from '../../lib/format'
import { useCan } from '../../lib/session'
import type { Media } from '../../lib/types'
import { IconAlertTriangle, IconClock, IconDownload, IconFile } from '../../ui/icons'
import { refetchMedia } from '../actions'
import { AudioPlayer } from './AudioPlayer'
import { showLightbox } from './lightboxState'
import s from './thread.module.css'

const MAX_WIDTH = 320
const MAX_HEIGHT = 340

const NOUNS: Record<Media['kind'], string> = {
  image: 'Photo',
  video: 'Video',
  audio: 'Audio',
  voice: 'Voice message',
  document: 'Document',
  sticker: 'Sticker',
}

export function MediaContent({ media, alt, entryId }: { media: Media; alt: string; entryId: string }) {
  if (media.state === 'failed') return <FailedMedia media={media} entryId={entryId} />
  if (media.state === 'pending' || !media.url) return <PendingMedia media={media} />
  switch (media.kind) {
    case 'image':
      return <Picture media={media} url={media.url} alt={alt} />
    case 'sticker':
      return <img className={s.sticker} src={media.url} alt={alt || 'Sticker'} width={144} height={144} loading="lazy" />
    case 'video':
      return (
        <video
          className={s.video}
          src={media.url}
          poster={media.thumb_url ?? undefined}
          style={boxOf(media)}
          controls
          preload="none"
          aria-label={media.duration_seconds ? `Video, ${duration(media.duration_seconds)}` : 'Video'}
        />
      )
    case 'audio':
    case 'voice':
      return <AudioPlayer url={media.url} seconds={media.duration_seconds ?? null} label={NOUNS[media.kind]} />
    case 'document':
      return <DocumentChip media={media} url={media.url} />
  }
}

function Picture({ media, url, alt }: { media: Media; url: string; alt: string }) {
  const label = alt || 'Photo'
  return (
    <button type="button" className={s.picture} style={boxOf(media)} aria-label={`Open photo: ${label}`} onClick={() => showLightbox(url, label)}>
      <img src={media.thumb_url ?? url} alt={label} loading="lazy" decoding="async" />
    </button>
  )
}

function DocumentChip({ media, url }: { media: Media; url: string }) {
  const name = media.name ?? 'Document'
  const extension = /\.([a-z0-9]{1,5})$/i.exec(name)?.[1]?.toUpperCase()
  const details = [extension, media.bytes != null && fileSize(media.bytes)].filter(Boolean).join(' · ')
  return (
    <a className={s.document} href={url} target="_blank" rel="noreferrer" download={name}>
      <span className={s.documentIcon}>
        <IconFile size={19} stroke={1.6} />
      </span>
      <span className={s.documentText}>
        <b title={name}>{name}</b>
        <small>{details}</small>
      </span>
      <IconDownload size={17} stroke={1.7} />
    </a>
  )
}

function PendingMedia({ media }: { media: Media }) {
  return (
    <div className={s.mediaState}>
      <IconClock size={17} />
      <span>
        <b>{NOUNS[media.kind]}</b>
        Fetching it from the provider…
      </span>
    </div>
  )
}

function FailedMedia({ media, entryId }: { media: Media; entryId: string }) {
  const mayReply = useCan('inbox.reply')
  return (
    <div className={s.mediaState} data-failed>
      <IconAlertTriangle size={17} />
      <span>
        <b>{NOUNS[media.kind]} could not be fetched</b>
        {(media.error ?? 'The provider did not give the file').replace(/\.?$/, '.')} Try again, or ask the customer to send it
        once more.
        {mayReply && (
          <button type="button" onClick={() => void refetchMedia(entryId)}>
            Try again
          </button>
        )}
      </span>
    </div>
  )
}

/** The box a picture will fill, known before it is loaded, so that nothing moves when it arrives. */
function boxOf({ width, height }: Media): { width: number; aspectRatio: string } {
  if (!width || !height) return { width: 260, aspectRatio: '4 / 3' }
  const scale = Math.min(1, MAX_WIDTH / width, MAX_HEIGHT / height)
  return { width: Math.max(96, Math.round(width * scale)), aspectRatio: `${width} / ${height}` }
}
