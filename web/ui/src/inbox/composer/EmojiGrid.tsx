import { useState, type KeyboardEvent } from 'react'
import { EMOJI } from './emoji'
import s from './emoji.module.css'

const COLUMNS = 8
const RECENT_KEY = 'parley.emoji'
const MAX_RECENT = 16

export default function EmojiGrid({ onPick }: { onPick: (emoji: string) => void }) {
  const [search, setSearch] = useState('')
  const [recent] = useState(readRecent)
  const wanted = search.trim().toLowerCase()
  const groups = wanted
    ? [{ label: 'Found', emoji: EMOJI.flatMap((group) => group.emoji).filter(([, words]) => words.includes(wanted)) }]
    : [...(recent.length > 0 ? [{ label: 'Recent', emoji: recent }] : []), ...EMOJI]

  function pick(emoji: string, words: string) {
    const next = [[emoji, words], ...recent.filter(([known]) => known !== emoji)].slice(0, MAX_RECENT)
    localStorage.setItem(RECENT_KEY, JSON.stringify(next))
    onPick(emoji)
  }

  function move(event: KeyboardEvent<HTMLDivElement>) {
    const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }
    const step = steps[event.key]
    if (!step) return
    event.preventDefault()
    // The menu this may stand in would move among its own items.
    event.stopPropagation()
    const buttons = [...event.currentTarget.querySelectorAll('button')]
    buttons[buttons.indexOf(document.activeElement as HTMLButtonElement) + step]?.focus()
  }

  return (
    <div className={s.picker}>
      <input
        type="search"
        aria-label="Search emoji"
        placeholder="Search emoji"
        value={search}
        autoFocus
        onChange={(event) => setSearch(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') event.stopPropagation()
          const first = groups[0]?.emoji[0]
          if (event.key === 'Enter' && first) {
            event.preventDefault()
            pick(first[0], first[1])
          }
        }}
      />
      <div className={s.groups} onKeyDown={move}>
        {groups.map((group) => (
          <section key={group.label} aria-label={group.label}>
            <h2>{group.label}</h2>
            <div className={s.grid}>
              {group.emoji.map(([emoji, words]) => (
                <button key={emoji} type="button" aria-label={words} title={words} onClick={() => pick(emoji, words)}>
                  {emoji}
                </button>
              ))}
            </div>
          </section>
        ))}
        {wanted && groups[0]?.emoji.length === 0 && <p>No emoji for “{search}”.</p>}
      </div>
    </div>
  )
}

function readRecent(): [string, string][] {
  try {
    return JSON.parse(localStorage.getItem(RECENT_KEY) ?? '[]') as [string, string][]
  } catch {
    return []
  }
}
