/** Colleagues and teams named in a note: found in its text, so that a draft needs to remember nothing. */
import type { Mention } from '../../lib/types'

export function mentionsIn(text: string, nameable: readonly Mention[]): Mention[] {
  const found: Mention[] = []
  let left = text
  // Longer names first: "@Ama Mensah" names nobody who is called Ama.
  for (const { id, name } of [...nameable].sort((a, b) => b.name.length - a.name.length)) {
    const named = new RegExp(`@${escaped(name)}(?![\\p{L}\\p{N}])`, 'giu')
    if (!named.test(left)) continue
    found.push({ id, name })
    const namesakes = nameable.some((each) => each.id !== id && each.name === name && !found.some((one) => one.id === each.id))
    if (!namesakes) left = left.replaceAll(named, ' ')
  }
  return found
}

function escaped(name: string): string {
  return name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
