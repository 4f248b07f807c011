/** The second script, loaded from where the first came from when something of it is first wanted. */

import { ORIGIN, T } from './options.ts'

type More = typeof import('./more.ts')

/** Changes with what is in it (see vite.widget.config.ts): the two always belong together. */
declare const MORE_VERSION: string

let loaded: Promise<More> | null = null
let attempts = 0

export function more(root: ShadowRoot): Promise<More> {
  // Not a script element: a page may require Trusted Types. A failed load is remembered by its address.
  loaded ??= (import(/* @vite-ignore */ `${ORIGIN}/widget-more.js?${MORE_VERSION}${attempts++ || ''}`) as Promise<More>).then(
    (script) => {
      script.begin(T, root)
      return script
    },
  )
  loaded.catch(() => (loaded = null))
  return loaded
}
