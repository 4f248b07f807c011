import { memo } from 'react'
import type { Content, Entry, OrderItem } from '../../lib/types'
import { IconArrowBackUp, IconExternalLink, IconInfoCircle, IconListDetails, IconUser } from '../../ui/icons'
import { LocationCard } from './LocationCard'
import { MediaContent } from './MediaContent'
import { RichText } from './RichText'
import { Options, Preview, TemplateView } from './TemplateView'
import s from './thread.module.css'

/** What a message says, whatever its kind. */
export const ContentView = memo(function ContentView({ entry }: { entry: Entry }) {
  if (entry.deleted_at) return <Quiet text="This message was deleted" />
  if (!entry.content) return <Quiet text="This message has no content" />
  return <Body content={entry.content} entry={entry} />
})

function Body({ content, entry }: { content: Content; entry: Entry }) {
  switch (content.type) {
    case 'text':
      return <RichText text={content.text} mentions={entry.mentions} />
    case 'media':
      return (
        <>
          <MediaContent media={content.media} alt={content.caption ?? content.media.name ?? ''} entryId={entry.id} />
          {content.caption && <RichText text={content.caption} />}
        </>
      )
    case 'location':
      return <LocationCard location={content} entry={entry} />
    case 'contacts':
      return content.contacts.map((contact) => (
        <div key={contact.name + contact.phones?.[0]} className={s.card}>
          <span className={s.cardIcon}>
            <IconUser size={18} />
          </span>
          <span className={s.cardText}>
            <b>{contact.name}</b>
            {[...(contact.phones ?? []), ...(contact.emails ?? [])].map((address) => (
              <small key={address}>{address}</small>
            ))}
          </span>
        </div>
      ))
    case 'buttons':
      return (
        <>
          <Preview preview={{ header: content.header ?? null, body: content.text, footer: content.footer ?? null }} />
          <Options titles={content.buttons.map((button) => button.title)} />
        </>
      )
    case 'list':
      return (
        <>
          <Preview preview={{ header: content.header ?? null, body: content.text, footer: content.footer ?? null }} />
          <details className={s.listContent}>
            <summary>
              <IconListDetails size={15} /> {content.button}
            </summary>
            {content.sections.map((section, index) => (
              <div key={section.title ?? index}>
                {section.title && <b>{section.title}</b>}
                {section.rows.map((row) => (
                  <span key={row.id}>
                    {row.title}
                    {row.description && <small>{row.description}</small>}
                  </span>
                ))}
              </div>
            ))}
          </details>
        </>
      )
    case 'link_button':
      return (
        <>
          <RichText text={content.text} />
          <a className={s.linkButton} href={content.url} target="_blank" rel="noreferrer noopener">
            {content.label} <IconExternalLink size={14} />
          </a>
        </>
      )
    case 'location_request':
      return (
        <>
          <RichText text={content.text} />
          <Options titles={['Send location']} />
        </>
      )
    case 'contact_request':
      return (
        <>
          <RichText text={content.text} />
          <Options titles={['Share phone number']} />
        </>
      )
    case 'template':
      return (
        <>
          <span className={s.kindLabel}>Template · {content.name}</span>
          <TemplateView preview={content.preview ?? { body: content.name }} />
        </>
      )
    case 'choice':
      return (
        <span className={s.choice}>
          <IconArrowBackUp size={15} aria-label="Chosen" />
          <span>
            {content.title}
            {content.description && <small>{content.description}</small>}
          </span>
        </span>
      )
    case 'order':
      return <Order text={content.text ?? null} items={content.items ?? []} />
    case 'form_reply':
      return <Facts label={content.name ?? 'Form answer'} facts={content.values ?? {}} />
    case 'unsupported':
      return (
        <div className={s.mediaState}>
          <IconInfoCircle size={17} />
          <span>
            <b>Unsupported message: {content.what}</b>
            {content.detail ?? 'Look at it on the phone, or open its raw payload.'}
          </span>
        </div>
      )
    default:
      return <Facts label="Message" facts={content} />
  }
}

function Order({ text, items }: { text: string | null; items: OrderItem[] }) {
  return (
    <>
      <span className={s.kindLabel}>Order</span>
      <ul className={s.order}>
        {items.map((item) => (
          <li key={item.product_id}>
            <span>
              {item.quantity} × {item.product_id}
            </span>
            {item.price && (
              <span>
                {item.price} {item.currency}
              </span>
            )}
          </li>
        ))}
      </ul>
      {text && <RichText text={text} />}
    </>
  )
}

/** Content that has no view of its own, as a list of what it says. */
function Facts({ label, facts }: { label: string; facts: Record<string, unknown> }) {
  const rows = Object.entries(facts).filter(([name, value]) => name !== 'type' && value !== null && value !== undefined)
  return (
    <>
      <span className={s.kindLabel}>{label}</span>
      <dl className={s.facts}>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name.replaceAll('_', ' ')}</dt>
            <dd>{factText(value)}</dd>
          </div>
        ))}
      </dl>
    </>
  )
}

function factText(value: unknown): string {
  if (Array.isArray(value)) return value.map(factText).join('\n')
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([name, part]) => `${name.replaceAll('_', ' ')}: ${factText(part)}`)
      .join(', ')
  }
  return String(value)
}

function Quiet({ text }: { text: string }) {
  return <span className={s.quiet}>{text}</span>
}
