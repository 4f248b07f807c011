/** Joins this page with its service worker: starts it, hears from it, and tells it when nobody is signed in any more. */
import type { News } from '../notifications/words'
import { outdated } from '../shell/version'

/** An open page asks whether there is a new version this often. */
const LOOK_EVERY_MS = 60 * 60_000

type Said = { type: 'open'; news: News } | { type: 'pushed'; kind?: string }

const worker = 'serviceWorker' in navigator ? navigator.serviceWorker : undefined

/** After the page itself, which must not wait for it. */
export function startWorker(): void {
  if (!worker) return
  // Listened to before anything is registered: a new version may take over while that is still on its way.
  let before = worker.controller
  worker.addEventListener('controllerchange', () => {
    // The first one ever is no new version.
    if (before) outdated.set(true)
    before = worker.controller
  })
  const start = () => worker.register('/sw.js').then(watch, () => {})
  if (document.readyState === 'complete') void start()
  else addEventListener('load', () => void start())
}

function watch(registration: ServiceWorkerRegistration): void {
  setInterval(() => void registration.update().catch(() => {}), LOOK_EVERY_MS)
}

export function whenSaid(listener: (said: Said) => void): () => void {
  const hear = (event: MessageEvent<Said>) => listener(event.data)
  worker?.addEventListener('message', hear)
  return () => worker?.removeEventListener('message', hear)
}

export function tellSignedOut(): void {
  worker?.controller?.postMessage({ type: 'signed_out' })
}
