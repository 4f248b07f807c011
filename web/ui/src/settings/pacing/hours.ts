/** How the hours of a day and of a week are written. */

/** minutes after midnight */
export interface Hours {
  start?: number
  end?: number
}

export const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

/** 09:00 of 540; midnight at the end of the day is 24:00. */
export const clock = (minutes: number): string => `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`

/** Every half hour, and what is set if that is between. */
export function choices(...set: number[]): { value: string; label: string }[] {
  const all = new Set([...Array.from({ length: 49 }, (_, half) => half * 30), ...set])
  return [...all].sort((one, other) => one - other).map((minutes) => ({ value: String(minutes), label: clock(minutes) }))
}

/** “Mon–Sat 09:00–20:00, Sun 12:00–20:00” */
export function weekText(week: readonly Hours[]): string {
  const said = week.map(({ start = 540, end = 1200 }) => (start < end ? `${clock(start)}–${clock(end)}` : 'never'))
  const runs: { from: number; to: number; hours: string }[] = []
  said.forEach((hours, day) => {
    const last = runs.at(-1)
    if (last?.hours === hours) last.to = day
    else runs.push({ from: day, to: day, hours })
  })
  const name = (day: number) => (DAYS[day] ?? '').slice(0, 3)
  return runs.map(({ from, to, hours }) => `${name(from)}${to > from ? `–${name(to)}` : ''} ${hours}`).join(', ')
}
