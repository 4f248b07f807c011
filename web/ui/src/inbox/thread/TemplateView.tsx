import { fullTime } from '../../lib/format'
import type { TemplatePreview } from '../../lib/types'
import { IconPhoto, IconTag } from '../../ui/icons'
import { RichText } from './RichText'
import s from './thread.module.css'

/** A template as the customer reads it: its text, an offer that counts down, buttons, and the cards of a carousel. */
export function TemplateView({ preview }: { preview: TemplatePreview }) {
  const { offer, cards = [] } = preview
  return (
    <>
      {offer && (
        <p className={s.offer}>
          <IconTag size={17} aria-hidden />
          <span>
            <b>{offer.text}</b>
            {offer.ends_at && <small>Ends {fullTime(offer.ends_at)}</small>}
            {offer.code && <small>Code {offer.code}</small>}
          </span>
        </p>
      )}
      <Preview preview={preview} />
      <Options titles={preview.buttons ?? []} />
      {cards.length > 0 && (
        <ol className={s.cards} aria-label="Cards" tabIndex={0}>
          {cards.map((card, at) => (
            <li key={at}>
              {card.file_id && card.header === 'Image' ? (
                <img src={`/files/${card.file_id}`} alt="" loading="lazy" />
              ) : (
                card.header && (
                  <span className={s.cardFile}>
                    <IconPhoto size={18} aria-hidden /> {card.header}
                  </span>
                )
              )}
              {card.body && <RichText text={card.body} />}
              <Options titles={card.buttons ?? []} />
            </li>
          ))}
        </ol>
      )}
    </>
  )
}

export function Preview({ preview }: { preview: TemplatePreview }) {
  return (
    <>
      {preview.header && <b className={s.previewHeader}>{preview.header}</b>}
      <RichText text={preview.body ?? ''} />
      {preview.footer && <small className={s.previewFooter}>{preview.footer}</small>}
    </>
  )
}

export function Options({ titles }: { titles: readonly string[] }) {
  if (titles.length === 0) return null
  return (
    <ul className={s.options}>
      {titles.map((title, at) => (
        <li key={at}>{title}</li>
      ))}
    </ul>
  )
}
