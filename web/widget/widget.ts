/**
 * The chat widget of a site: `<script async src="https://…/widget.js" data-key="wk_…"></script>`.
 *
 * The page may say more: `Parley('identify', jwt)`, `Parley('logout')`, `Parley('open')`, `Parley('close')`,
 * `Parley('setConsent', {functional: false})`. Calls made before this script has run wait in `Parley.q`.
 */

import { Chat } from './chat.ts'
import { KEY, ORIGIN } from './options.ts'
import type { Config, Identity } from './types.ts'
import { View } from './view.ts'

interface Api {
  (command: string, value?: unknown): void
  q?: [string, unknown?][]
}

declare global {
  interface Window {
    Parley?: Api
  }
}

const LOOK_MS = 4_000

function start(): void {
  const chat = new Chat(() => view.update(), () => view.more())
  const view = new View(chat)
  const run: Api = (command, value) => {
    if (command === 'open' || command === 'close') view.toggle(command === 'open')
    else if (command === 'identify') chat.identify(value as Identity)
    else if (command === 'logout') chat.logout()
    else if (command === 'setConsent') chat.consent(value === true || (value as { functional?: boolean }).functional === true)
    else console.warn(`Parley: no command ${command}`)
  }
  const waiting = window.Parley?.q ?? []
  window.Parley = run
  if (chat.state.config) view.mount(null)
  // Who has a connection is told by it.
  if (!chat.state.token) void look().then((config) => config !== 'refused' && view.mount(config))
  for (const call of waiting) run(...call)
}

/** How the site wants the button to look; null if that cannot be learned now. */
async function look(): Promise<Config | null | 'refused'> {
  try {
    const answer = await fetch(`${ORIGIN}/w/site?key=${encodeURIComponent(KEY)}`, { signal: AbortSignal.timeout(LOOK_MS) })
    if (answer.ok) return (await answer.json()) as Config
    if (answer.status >= 500) return null
    console.warn(`Parley: refused here (${answer.status}); see Allowed sites`)
    return 'refused'
  } catch {
    return null
  }
}

if (!document.getElementById('parley-widget')) {
  if (document.body) start()
  else addEventListener('DOMContentLoaded', start)
}
