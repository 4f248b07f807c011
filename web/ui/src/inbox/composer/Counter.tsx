import { count, plural } from '../../lib/format'
import { countSegments } from '../../lib/segments'
import type { Capabilities } from '../../lib/types'
import s from './composer.module.css'

const SHOW_FROM = 0.8

/** How long the text is, where it matters: SMS is paid by segment, other channels split what is too long. */
export function Counter({ text, capabilities }: { text: string; capabilities: Capabilities }) {
  if (!text) return null
  if (capabilities.segments) {
    const { encoding, segments, chars, per_segment } = countSegments(text)
    const room = segments <= 1 ? per_segment : segments * per_segment
    return (
      <span className={s.counter} data-over={segments > 3 || undefined} title="What one text costs depends on its segments">
        {plural(segments, 'segment')} · {encoding} · {chars}/{room}
      </span>
    )
  }
  const limit = capabilities.max_text_chars
  if (text.length < limit * SHOW_FROM) return null
  return (
    <span className={s.counter} data-over={text.length > limit || undefined}>
      {text.length > limit
        ? `Goes out as ${Math.ceil(text.length / limit)} messages`
        : `${count(limit - text.length)} characters left`}
    </span>
  )
}
