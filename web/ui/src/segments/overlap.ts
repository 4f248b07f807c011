/** Two circles whose areas, and the area that they share, are as the numbers are. */

export interface Circles {
  one: number
  other: number
  /** between their centres; 0 where one lies in the other */
  apart: number
}

/** Radii where the larger has the radius 1. */
export function circles(one: number, other: number, both: number): Circles {
  const most = Math.max(one, other, 1)
  const [r, q] = [Math.sqrt(one / most), Math.sqrt(other / most)]
  const wanted = (Math.min(both, one, other) / most) * Math.PI
  if (both <= 0) return { one: r, other: q, apart: (r + q) * 1.06 }
  let [near, far] = [Math.abs(r - q), r + q]
  if (wanted >= Math.PI * Math.min(r, q) ** 2 * 0.9999) return { one: r, other: q, apart: near * 0.9 }
  // The shared area shrinks as they part: halving finds the distance to a thousandth in a few steps.
  for (let step = 0; step < 24; step += 1) {
    const middle = (near + far) / 2
    if (shared(r, q, middle) > wanted) near = middle
    else far = middle
  }
  return { one: r, other: q, apart: (near + far) / 2 }
}

/** The area that two circles share. */
export function shared(r: number, q: number, apart: number): number {
  if (apart >= r + q) return 0
  if (apart <= Math.abs(r - q)) return Math.PI * Math.min(r, q) ** 2
  const a = (apart ** 2 + r ** 2 - q ** 2) / (2 * apart * r)
  const b = (apart ** 2 + q ** 2 - r ** 2) / (2 * apart * q)
  const lens = Math.sqrt((-apart + r + q) * (apart + r - q) * (apart - r + q) * (apart + r + q))
  return r ** 2 * Math.acos(a) + q ** 2 * Math.acos(b) - lens / 2
}
