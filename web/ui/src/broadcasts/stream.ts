/** The exclusion waterfall as a stream that narrows row by row; each row is drawn in a square of one by one. */

export interface Branch {
  /** share of all people, 0 to 1, who are left below this row */
  after: number
  /** SVG path of who leaves to the right; empty where nobody does */
  path: string
}

const LEAST_THICK = 0.05
const MOST_THICK = 0.62

export function stream(total: number, left: number[]): Branch[] {
  let rest = total
  return left.map((count) => {
    const before = total > 0 ? rest / total : 0
    rest = Math.max(rest - count, 0)
    const after = total > 0 ? rest / total : 0
    const thick = Math.min(MOST_THICK, Math.max(LEAST_THICK, before - after))
    return { after, path: count > 0 ? ribbon(before, after, thick) : '' }
  })
}

/** From the stream's right edge at the top, down and away to the right. */
function ribbon(from: number, to: number, thick: number): string {
  const [upper, lower] = [0.5 - thick / 2, 0.5 + thick / 2]
  const bend = (at: number) => at + (1 - at) * 0.35
  const point = (x: number, y: number) => `${x.toFixed(3)} ${y.toFixed(3)}`
  return [
    `M${point(from, 0)}`,
    `C${point(from, upper)} ${point(bend(from), upper)} ${point(1, upper)}`,
    `L${point(1, lower)}`,
    `C${point(bend(to), lower)} ${point(to, lower)} ${point(to, 0)}`,
    'Z',
  ].join(' ')
}
