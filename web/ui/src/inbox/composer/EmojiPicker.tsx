import { Suspense, lazy } from 'react'
import s from './emoji.module.css'

const EmojiGrid = lazy(() => import('./EmojiGrid'))

/** The grid is loaded when it is first opened. */
export function EmojiPicker({ onPick }: { onPick: (emoji: string) => void }) {
  return (
    <Suspense fallback={<div className={s.picker} />}>
      <EmojiGrid onPick={onPick} />
    </Suspense>
  )
}
