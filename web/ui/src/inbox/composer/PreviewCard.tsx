import type { MessagePreview, PreviewLine, PreviewPart } from '../../lib/types'
import { plural } from '../../lib/format'
import { channelLabel } from '../../ui/ChannelIcon'
import { IconAlertTriangle, IconFile, IconMapPin, IconUser } from '../../ui/icons'
import { Options } from '../thread/TemplateView'
import { costDetail } from './preview'
import s from './preview.module.css'

interface PreviewCardProps {
  preview: MessagePreview | null
  name: string
  /** it stands in the page, and not above what is written */
  inline?: boolean
}

/** The customer's phone with what is being written on it. */
export default function PreviewCard({ preview, name, inline }: PreviewCardProps) {
  return (
    <section className={s.card} data-inline={inline || undefined} aria-label="Preview">
      <div className={s.phone}>
        <div className={s.top}>{name}</div>
        <div className={s.screen} tabIndex={0} role="group" aria-label={`As ${name} will see it`}>
          {preview ? preview.parts.map((part, index) => <Bubble key={index} part={part} />) : <p className={s.empty}>Write something to see it here.</p>}
        </div>
      </div>
      {preview && <Facts preview={preview} />}
    </section>
  )
}

function Facts({ preview: { channel, parts, encoding, costs, window_open: open } }: { preview: MessagePreview }) {
  const facts = [
    ...(parts.length > 1 ? [`Goes out as ${plural(parts.length, 'message')}.`] : []),
    ...(encoding ? [`${encoding.encoding}, ${plural(encoding.segments, 'segment')}, room for ${encoding.left} more in the last.`] : []),
    ...(costs.length > 0 ? costs.map(costDetail) : [`${channelLabel(channel)} costs nothing.`]),
    ...(open ? [] : ['The reply window is closed: free text waits until the customer answers.']),
  ]
  return (
    <ul className={s.facts}>
      {facts.map((fact) => (
        <li key={fact}>{fact}</li>
      ))}
    </ul>
  )
}

function Bubble({ part }: { part: PreviewPart }) {
  if (part.refusal) {
    return (
      <p className={s.refusal}>
        <IconAlertTriangle size={15} /> {part.refusal}
      </p>
    )
  }
  return (
    <div className={s.bubble} dir="auto">
      <Mark type={part.type} />
      {part.header && <b className={s.header}>{part.header}</b>}
      {part.lines.map((line, index) => (
        <Line key={index} line={line} />
      ))}
      {part.footer && <small>{part.footer}</small>}
      {part.options.length > 0 && <Options titles={part.options} />}
    </div>
  )
}

/** What stands above the words, where words are not all there is. */
function Mark({ type }: { type: string }) {
  if (type === 'media') {
    return (
      <span className={s.file}>
        <IconFile size={22} stroke={1.4} aria-label="File" />
      </span>
    )
  }
  if (type === 'location') return <IconMapPin size={22} stroke={1.4} aria-label="Location" />
  if (type === 'contacts') return <IconUser size={22} stroke={1.4} aria-label="Contact" />
  return null
}

function Line({ line: { kind, mark, spans } }: { line: PreviewLine }) {
  return (
    <span className={s.line} data-kind={kind} data-mark={mark || undefined}>
      {spans.map(({ text, styles }, index) => (
        <span key={index} className={styles.map((style) => s[style]).join(' ')}>
          {text}
        </span>
      ))}
      {spans.every(({ text }) => !text) && '\u200b'}
    </span>
  )
}
