/** How well what was typed fits a name: the start counts most, then starts of words, then letters in order. */

/** Null: it does not fit. Greater is better. */
export function fit(typed: string, name: string): number | null {
  const wanted = plain(typed)
  const text = plain(name)
  if (wanted === '') return 0
  if (text === wanted) return 100
  if (text.startsWith(wanted)) return 80
  if (text.split(/[\s\-_./]+/).some((word) => word.startsWith(wanted))) return 60
  if (text.includes(wanted)) return 40
  return inOrder(wanted, text) ? 10 : null
}

/** Those that fit, the best first; equal ones stay in their order. */
export function best<T>(typed: string, items: readonly T[], names: (item: T) => readonly string[], most: number): T[] {
  const scored: { item: T; score: number }[] = []
  for (const item of items) {
    const scores = names(item).map((name, index) => {
      const score = fit(typed, name)
      return score === null ? -1 : score - index
    })
    const score = Math.max(...scores)
    if (typed === '' || score > 0) scored.push({ item, score })
  }
  return scored.sort((a, b) => b.score - a.score).slice(0, most).map(({ item }) => item)
}

function inOrder(wanted: string, text: string): boolean {
  let at = 0
  for (const letter of wanted) {
    at = text.indexOf(letter, at) + 1
    if (at === 0) return false
  }
  return true
}

function plain(text: string): string {
  return text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase().trim()
}
