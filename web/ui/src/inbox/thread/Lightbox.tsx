import { ActionIcon, Modal } from '@mantine/core'
import { useState, type PointerEvent } from 'react'
import { IconDownload, IconX, IconZoomIn, IconZoomOut } from '../../ui/icons'
import { lightbox } from './lightboxState'
import s from './lightbox.module.css'

const MAX_ZOOM = 5

/** One picture over the whole window: wheel, buttons or double click zoom, dragging moves. */
export default function Lightbox({ url, label }: { url: string; label: string }) {
  return (
    <Modal
      opened
      onClose={() => lightbox.set(null)}
      fullScreen
      withCloseButton={false}
      padding={0}
      attributes={{ content: { 'aria-label': 'Photo' } }}
      classNames={{ content: s.content, body: s.body }}
    >
      <Viewer url={url} label={label} />
    </Modal>
  )
}

function Viewer({ url, label }: { url: string; label: string }) {
  const [zoom, setZoom] = useState(1)
  const [offset, setOffset] = useState({ x: 0, y: 0 })

  function zoomTo(next: number) {
    const bounded = Math.min(MAX_ZOOM, Math.max(1, next))
    setZoom(bounded)
    if (bounded === 1) setOffset({ x: 0, y: 0 })
  }

  function drag(event: PointerEvent) {
    if (event.buttons !== 1 || zoom === 1) return
    setOffset(({ x, y }) => ({ x: x + event.movementX, y: y + event.movementY }))
  }

  return (
    <div className={s.viewer}>
      <div className={s.bar}>
        <span>{label}</span>
        <ActionIcon className={s.button} aria-label="Zoom out" disabled={zoom === 1} onClick={() => zoomTo(zoom / 1.5)}>
          <IconZoomOut size={19} />
        </ActionIcon>
        <ActionIcon className={s.button} aria-label="Zoom in" disabled={zoom === MAX_ZOOM} onClick={() => zoomTo(zoom * 1.5)}>
          <IconZoomIn size={19} />
        </ActionIcon>
        <ActionIcon className={s.button} component="a" href={url} download aria-label="Download">
          <IconDownload size={19} />
        </ActionIcon>
        <ActionIcon className={s.button} aria-label="Close" data-autofocus onClick={() => lightbox.set(null)}>
          <IconX size={19} />
        </ActionIcon>
      </div>
      <div
        className={s.stage}
        onClick={(event) => event.target === event.currentTarget && lightbox.set(null)}
        onWheel={(event) => zoomTo(zoom * (event.deltaY < 0 ? 1.15 : 1 / 1.15))}
        onPointerMove={drag}
        onDoubleClick={() => zoomTo(zoom > 1 ? 1 : 2.5)}
      >
        <img
          src={url}
          alt={label}
          draggable={false}
          style={{ transform: `translate(${offset.x}px, ${offset.y}px) scale(${zoom})`, cursor: zoom > 1 ? 'grab' : 'zoom-in' }}
        />
      </div>
    </div>
  )
}
