import type { ReactNode } from 'react'

/** A text with the words that were searched for; the server counts in characters, not in halves of them. */
export function Marked({ text, marks }: { text: string; marks: [number, number][] }) {
  const characters = [...text]
  const parts: ReactNode[] = []
  let at = 0
  for (const [start, end] of marks) {
    parts.push(characters.slice(at, start).join(''), <mark key={start}>{characters.slice(start, end).join('')}</mark>)
    at = end
  }
  parts.push(characters.slice(at).join(''))
  return <>{parts}</>
}
