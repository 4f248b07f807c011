/** What the script tag says. Read at once: `document.currentScript` is gone as soon as the script has run. */

import { texts } from './texts.ts'
import type { Identity } from './types.ts'

const script = document.currentScript as HTMLScriptElement | null
const data: DOMStringMap = script?.dataset ?? {}

export const ORIGIN = script ? new URL(script.src).origin : location.origin
export const KEY = data.key ?? ''
/** Keeps apart what several people on one browser write (the demo's phone page has one profile for each customer). */
export const PROFILE = data.profile ?? ''
export const COLOR = data.color
export const THEME = data.theme
export const T = texts(data.i18n)

export function identityOfPage(): Identity | null {
  if (data.identity) return data.identity
  return data.userId && data.userHash ? { user_id: data.userId, user_hash: data.userHash } : null
}
