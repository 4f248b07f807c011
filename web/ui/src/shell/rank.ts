/**
 * Those whose text has every word of what was typed, the best first: at the beginning of the text, then at the beginning
 * of a word, then anywhere. Nothing typed leaves the order as it is.
 */
export function ranked<T>(typed: string, all: readonly T[], textOf: (one: T) => string): T[] {
  const words = plain(typed).split(/\s+/).filter(Boolean)
  if (words.length === 0) return [...all]
  return all
    .map((one, place) => ({ one, place, score: scoreOf(words, plain(textOf(one))) }))
    .filter(({ score }) => score >= 0)
    .sort((a, b) => a.score - b.score || a.place - b.place)
    .map(({ one }) => one)
}

function scoreOf(words: string[], text: string): number {
  let score = 0
  for (const word of words) {
    const at = text.indexOf(word)
    if (at === -1) return -1
    score += at === 0 ? 0 : text.includes(` ${word}`) ? 1 : 2
  }
  return score
}

function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase()
}
