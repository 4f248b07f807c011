import { useEffect, useRef } from 'react'
import { fileSize } from '../../lib/format'
import { IconFile, IconX } from '../../ui/icons'
import { removeAttachment, type Attachment } from './composerState'
import s from './composer.module.css'

const PREVIEW_PX = 80

export function Attachments({ conversationId, attachments }: { conversationId: string; attachments: Attachment[] }) {
  if (attachments.length === 0) return null
  return (
    <ul className={s.attachments} aria-label="Attached files">
      {attachments.map((attachment) => (
        <li key={attachment.id} data-error={attachment.error ? true : undefined}>
          <Look attachment={attachment} />
          <span>
            <b title={attachment.name}>{attachment.name}</b>
            <small>{stateText(attachment)}</small>
          </span>
          <button
            type="button"
            aria-label={`Remove ${attachment.name}`}
            onClick={() => removeAttachment(conversationId, attachment.id)}
          >
            <IconX size={14} />
          </button>
          {!attachment.stored && !attachment.error && (
            <progress max={1} value={attachment.progress} aria-label={`Uploading ${attachment.name}`} />
          )}
        </li>
      ))}
    </ul>
  )
}

function stateText({ error, stored, progress, bytes }: Attachment): string {
  if (error) return error
  if (stored) return fileSize(bytes)
  return progress < 1 ? `${Math.round(progress * 100)} % of ${fileSize(bytes)}` : 'Checking…'
}

function Look({ attachment: { kind, file, stored } }: { attachment: Attachment }) {
  if (kind !== 'image') return <IconFile size={20} stroke={1.6} />
  return file ? <PicturePreview file={file} /> : <img src={stored?.thumb_url ?? stored?.url} alt="" />
}

/** Drawn on a canvas: the content security policy allows no blob addresses for pictures. */
function PicturePreview({ file }: { file: File }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    let gone = false
    createImageBitmap(file).then(
      (bitmap) => {
        const context = canvas.current?.getContext('2d')
        if (!gone && context) {
          const side = Math.min(bitmap.width, bitmap.height)
          const left = (bitmap.width - side) / 2
          const top = (bitmap.height - side) / 2
          context.drawImage(bitmap, left, top, side, side, 0, 0, PREVIEW_PX, PREVIEW_PX)
        }
        bitmap.close()
      },
      () => {
        // Not a picture this browser can draw; the name says which file it is.
      },
    )
    return () => {
      gone = true
    }
  }, [file])
  return <canvas ref={canvas} width={PREVIEW_PX} height={PREVIEW_PX} aria-hidden />
}
