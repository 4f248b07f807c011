import type { TemplatePreview } from '../../lib/types'
import { Options, Preview, buttonTitles } from '../thread/ContentView'
import s from './templates.module.css'

/** How a message will look on the customer's phone. */
export function PhonePreview({ preview }: { preview: TemplatePreview }) {
  return (
    <div className={s.phone} role="img" aria-label={`Preview: ${preview.body}`}>
      <div className={s.screen}>
        <div className={s.phoneBubble}>
          <Preview preview={preview} />
          <Options titles={buttonTitles(preview)} />
        </div>
      </div>
    </div>
  )
}
