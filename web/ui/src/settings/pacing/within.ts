import { clamp } from '@mantine/hooks'

/** What somebody typed as a whole number between two bounds. */
export const within = (typed: string | number, least: number, most: number): number => clamp(Math.round(Number(typed) || least), least, most)
