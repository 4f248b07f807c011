/** A key that nothing has yet. Keys stay when labels change, so they do not come from labels. */
export function freeKey(start: string, taken: string[]): string {
  let number = taken.length + 1
  while (taken.includes(`${start}_${number}`)) number += 1
  return `${start}_${number}`
}
