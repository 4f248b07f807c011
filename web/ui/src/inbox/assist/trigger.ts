/** What is being typed at the caret that a menu can complete, and what stands in a text for a value nobody knows. */

export interface Trigger {
  sign: '/' | '@'
  /** where the sign stands, and where the caret is */
  start: number
  end: number
  typed: string
}

const CANNED = /(?:^|\s)\/([^\s/]{0,40})$/
/** A name may have two words. */
const MENTION = /(?:^|\s)@([^\s@]{0,30}(?: [^\s@]{0,30})?)$/
/** As the server leaves it in a text; names of things that only it fills in. */
const PLACEHOLDER = /\{\{\s*((?:contact|agent|conversation|channel|workspace|ticket)\.\w+)\s*\}\}/gi

export function triggerAt(text: string, caret: number, sign: Trigger['sign']): Trigger | null {
  const typed = (sign === '/' ? CANNED : MENTION).exec(text.slice(0, caret))?.[1]
  return typed === undefined ? null : { sign, start: caret - typed.length - 1, end: caret, typed }
}

export interface Placeholder {
  name: string
  start: number
  end: number
}

/** The first of each name. */
export function placeholders(text: string): Placeholder[] {
  const found = new Map<string, Placeholder>()
  for (const match of text.matchAll(PLACEHOLDER)) {
    const name = (match[1] ?? '').toLowerCase()
    if (!found.has(name)) found.set(name, { name, start: match.index, end: match.index + match[0].length })
  }
  return [...found.values()]
}
