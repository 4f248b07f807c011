import type { TemplatePreview } from '../../lib/types'
import { TemplateView } from '../thread/TemplateView'
import s from './templates.module.css'

/** How a message will look on the customer's phone. */
export function PhonePreview({ preview }: { preview: TemplatePreview }) {
  return (
    <div className={s.phone} role={preview.cards?.length ? 'group' : 'img'} aria-label={`Preview: ${preview.body}`}>
      <div className={s.screen}>
        <div className={s.phoneBubble}>
          <TemplateView preview={preview} />
        </div>
      </div>
    </div>
  )
}
