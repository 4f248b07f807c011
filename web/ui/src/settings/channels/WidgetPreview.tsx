import type { CSSProperties } from 'react'
import { IconMessageCircle } from '../../ui/icons'
import type { Values } from './form'
import s from './channels.module.css'

const REPLY_TIMES: Record<string, string> = {
  minutes: 'Usually replies within minutes',
  hours: 'Usually replies within a few hours',
  day: 'Usually replies within a day',
}

/** How the chat will look on a page; drawn here, so that it follows every key. */
export function WidgetPreview({ values }: { values: Values }) {
  const color = /^#[0-9a-f]{6}$/i.test(String(values.color)) ? String(values.color) : '#4f46e5'
  const style = { '--widget': color, '--on-widget': readableOn(color) } as CSSProperties
  const title = String(values.title || 'Chat with us')
  return (
    <>
      <h2>Preview</h2>
      <div
        className={s.sitePage}
        style={style}
        data-corner={values.position === 'start' ? 'start' : 'end'}
        role="img"
        aria-label={`Chat window with the title ${title}`}
      >
        <div className={s.siteLines} aria-hidden>
          <i />
          <i />
          <i />
          <i />
        </div>
        <div className={s.widget} aria-hidden>
          <header>
            <b>{title}</b>
            <span>{REPLY_TIMES[String(values.reply_time)] ?? REPLY_TIMES.minutes}</span>
          </header>
          <div>
            {values.greeting && <p>{values.greeting}</p>}
            <p data-own>Do you ship to Lisbon?</p>
          </div>
        </div>
        <span className={s.launcher} aria-hidden>
          <IconMessageCircle size={20} />
        </span>
      </div>
    </>
  )
}

/** Dark or light text, whichever is easier to read on the colour. */
function readableOn(hex: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.35 ? '#14161a' : '#ffffff'
}
