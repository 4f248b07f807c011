/** Colleagues named in a note: found in its text, so that a draft needs to remember nothing. */
import type { Member, Mention } from '../../lib/types'

export function mentionsIn(text: string, members: readonly Pick<Member, 'id' | 'name' | 'status'>[]): Mention[] {
  const found: Mention[] = []
  let left = text
  // Longer names first: "@Ama Mensah" names nobody who is called Ama.
  for (const { id, name, status } of [...members].sort((a, b) => b.name.length - a.name.length)) {
    const named = new RegExp(`@${escaped(name)}(?![\\p{L}\\p{N}])`, 'giu')
    if (status !== 'active' || !named.test(left)) continue
    found.push({ id, name })
    const namesakes = members.some((each) => each.id !== id && each.name === name && !found.some((one) => one.id === each.id))
    if (!namesakes) left = left.replaceAll(named, ' ')
  }
  return found
}

function escaped(name: string): string {
  return name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
