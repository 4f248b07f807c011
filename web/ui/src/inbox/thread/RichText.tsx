import { memo, type ReactNode } from 'react'
import type { Mention } from '../../lib/types'
import s from './thread.module.css'

const NOBODY: Mention[] = []

const TOKEN = /(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]])|(\*[^*\n]+\*)|(```[^`]+```)|(~[^~\n]+~)/g
const EMOJI_ONLY = /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\u200d|\ufe0f|\s){1,12}$/u
const MAX_LARGE = 3

/** A message's text: links, and the marks chat apps know (*bold*, ~struck~, ```code```). */
export const RichText = memo(function RichText({ text, mentions = NOBODY }: { text: string; mentions?: Mention[] }) {
  const parts: ReactNode[] = []
  const tokens = mentions.length > 0 ? withNames(mentions) : TOKEN
  let from = 0
  for (const match of text.matchAll(tokens)) {
    const [token] = match
    if (match.index > from) parts.push(text.slice(from, match.index))
    parts.push(format(token, match.index))
    from = match.index + token.length
  }
  if (from < text.length) parts.push(text.slice(from))
  return (
    <span className={s.text} dir="auto" data-large={isFewEmoji(text) || undefined}>
      {parts}
    </span>
  )
})

/** Names of colleagues stand out too, where the note names them. */
function withNames(mentions: Mention[]): RegExp {
  const names = mentions.map(({ name }) => `@${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}`).sort((a, b) => b.length - a.length)
  return new RegExp(`${names.join('|')}|${TOKEN.source}`, 'g')
}

function format(token: string, key: number): ReactNode {
  if (token.startsWith('@')) {
    return (
      <span key={key} className={s.mention}>
        {token}
      </span>
    )
  }
  if (token.startsWith('http')) {
    return (
      <a key={key} href={token} target="_blank" rel="noreferrer noopener">
        {token}
      </a>
    )
  }
  if (token.startsWith('```')) return <code key={key}>{token.slice(3, -3)}</code>
  if (token.startsWith('*')) return <b key={key}>{token.slice(1, -1)}</b>
  return <s key={key}>{token.slice(1, -1)}</s>
}

function isFewEmoji(text: string): boolean {
  return EMOJI_ONLY.test(text) && [...new Intl.Segmenter().segment(text.trim())].length <= MAX_LARGE
}
