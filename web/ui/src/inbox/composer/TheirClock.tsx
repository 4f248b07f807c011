import { Tooltip } from '@mantine/core'
import type { Where } from '../deferred/deferred'
import { clockIn, isNight, nextMorning, onClock, zoneName } from '../deferred/times'
import { IconMoon } from '../../ui/icons'
import { languageName } from '../../lib/format'
import { regionName } from './preview'
import s from './composer.module.css'

/** The customer's clock and language, with how sure it is. */
export function TheirClock({ where, now, name }: { where: Where; now: number; name: string }) {
  const { place, language } = where
  if (!place && !language) return null
  return (
    <Tooltip label={certainty(where, now, name)} multiline maw={300}>
      <span className={s.theirs} data-night={(place && isNight(now, place.time_zone)) || undefined} tabIndex={0}>
        {place && <>{clockRange(where, now)}</>}
        {place && language && ' · '}
        {language && languageName(language)}
      </span>
    </Tooltip>
  )
}

/** While one writes to somebody who probably sleeps: what time it is there, and a better one. */
export function NightWarning({ where, now, name, onWait }: { where: Where; now: number; name: string; onWait: ((at: number) => void) | null }) {
  const { place } = where
  if (!place || !isNight(now, place.time_zone)) return null
  const morning = nextMorning(now, place.time_zone)
  return (
    <p className={s.night}>
      <IconMoon size={14} />
      <span>
        It is {clockRange(where, now)} for {name}.
      </span>
      {onWait && (
        <button type="button" title={onClock(morning, place.time_zone)} onClick={() => onWait(morning)}>
          Send at {clockIn(morning, place.time_zone)} their time
        </button>
      )}
    </p>
  )
}

/** 02:40, or 23:40 to 02:40 where their country has several clocks. */
function clockRange({ place }: Where, now: number): string {
  if (!place) return ''
  if (!place.between) return clockIn(now, place.time_zone)
  return `${clockIn(now, place.between[0])} to ${clockIn(now, place.between[1])}`
}

function certainty({ place, language }: Where, now: number, name: string): string {
  const spoken = language ? ` ${name} uses ${languageName(language)}.` : ''
  if (!place) return spoken.trim()
  const there = place.region ? regionName(place.region) : zoneName(place.time_zone)
  if (!place.between) return `${onClock(now, place.time_zone)} in ${there}, by the phone number.${spoken}`
  return `The phone number says ${there}, which has several clocks; most people there have ${clockIn(now, place.time_zone)}.${spoken}`
}
