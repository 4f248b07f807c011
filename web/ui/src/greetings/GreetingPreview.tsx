import { IconMessageCircle, IconX } from '../ui/icons'
import type { GreetingWords } from '../lib/types'
import s from './greetings.module.css'

/** How it will stand on a page; drawn here, so that it follows every key. */
export function GreetingPreview({ words, from }: { words: GreetingWords; from: string }) {
  return (
    <aside className={s.preview} aria-label="Preview">
      <div className={s.lines} aria-hidden>
        <i />
        <i />
        <i />
        <i />
      </div>
      <div className={s.card}>
        <IconX size={16} aria-hidden />
        <b>{from}</b>
        <p>{words.text || 'Your words stand here.'}</p>
        <div>
          {[...(words.replies ?? []), 'Write an answer'].map((each, at) => (
            <span key={at}>{each}</span>
          ))}
        </div>
      </div>
      <span className={s.launcher} aria-hidden>
        <IconMessageCircle size={22} />
      </span>
    </aside>
  )
}
