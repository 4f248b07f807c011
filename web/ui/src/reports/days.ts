/** Days as the API names them (`2026-11-22`) are dates, not moments: they are the same wherever they are read. */
const SHORT = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })
const LONG = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })

export const shortDay = (day: string): string => SHORT.format(Date.parse(day))
export const longDay = (day: string): string => LONG.format(Date.parse(day))
