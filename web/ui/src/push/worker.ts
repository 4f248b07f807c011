/**
 * The service worker: shows pushes, opens what they are about, and stands in with one page while there is no network.
 * It keeps nothing but that page: every screen and every answer comes from the server, so none is old or somebody else's.
 */
import type { CurrentSession, PushState } from '../lib/types'
import { pathOf, sentenceOf, type News } from '../notifications/words'
import { described, subscribe } from './subscription'

declare const self: ServiceWorkerGlobalScope
/** Changes with each build, so that the browser takes this for a new worker and the page learns of the new version. */
declare const VERSION: string

const KEPT_PREFIX = 'parley-offline-'
const KEPT = KEPT_PREFIX + VERSION
const OFFLINE_PAGE = '/offline.html'
const OFFLINE = [OFFLINE_PAGE, '/offline.css', '/offline.js', '/theme.js', '/favicon.svg']

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(KEPT).then((kept) => kept.addAll(OFFLINE.map((path) => new Request(path, { cache: 'reload' })))))
  void self.skipWaiting()
})

self.addEventListener('activate', (event) => {
  event.waitUntil(takeOver())
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (url.origin !== location.origin || request.method !== 'GET') return
  if (request.mode === 'navigate') event.respondWith(screen(event))
  else if (OFFLINE.includes(url.pathname)) event.respondWith(fetch(request).catch(() => kept(url.pathname)))
})

self.addEventListener('push', (event) => {
  event.waitUntil(show(read(event.data)))
})

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(lead(event.notification.data as News))
})

/** The browser's maker has given this browser another address. */
self.addEventListener('pushsubscriptionchange', (event) => {
  ;(event as ExtendableEvent).waitUntil(renew())
})

self.addEventListener('message', (event) => {
  if ((event.data as { type?: string } | null)?.type === 'signed_out') event.waitUntil(clear())
})

async function takeOver(): Promise<void> {
  const names = await caches.keys()
  await Promise.all(names.filter((name) => name.startsWith(KEPT_PREFIX) && name !== KEPT).map((name) => caches.delete(name)))
  // Asked while this worker starts, so that it costs no time.
  await self.registration.navigationPreload?.enable()
  await self.clients.claim()
}

async function screen(event: FetchEvent): Promise<Response> {
  try {
    return ((await event.preloadResponse) as Response | undefined) ?? (await fetch(event.request))
  } catch {
    return kept(OFFLINE_PAGE)
  }
}

async function kept(path: string): Promise<Response> {
  return (await caches.match(path)) ?? Response.error()
}

function read(data: PushMessageData | null): News & { unread?: number } {
  try {
    return (data?.json() as News | undefined) ?? {}
  } catch {
    return {}
  }
}

async function show(news: News & { unread?: number }): Promise<void> {
  const subject = news.ticket_id ?? news.conversation_id ?? news.kind ?? 'parley'
  // `renotify` is not yet in the types: one about the same replaces the one before, and is heard all the same.
  const options: NotificationOptions & { renotify: boolean } = {
    body: news.kind === 'test' ? 'This is the test that you asked for.' : (news.text ?? ''),
    tag: subject,
    renotify: true,
    icon: '/icon-192.png',
    badge: '/badge-96.png',
    data: news,
  }
  await self.registration.showNotification(sentenceOf(news), options)
  await navigator.setAppBadge?.(news.unread ?? 0)
  for (const tab of await tabs()) tab.postMessage({ type: 'pushed', kind: news.kind })
}

/** In a tab that is open, if there is one. */
async function lead(news: News): Promise<void> {
  const path = pathOf(news)
  const open = (await tabs()).filter((tab) => !new URL(tab.url).pathname.startsWith('/login'))
  const tab = open.find((each) => each.focused) ?? open.find((each) => each.visibilityState === 'visible') ?? open[0]
  if (!tab) {
    await self.clients.openWindow(path)
    return
  }
  tab.postMessage({ type: 'open', news })
  // A browser may leave the window where it is; it shows what was asked for all the same.
  await tab.focus().catch(() => {})
}

function tabs(): Promise<readonly WindowClient[]> {
  return self.clients.matchAll({ type: 'window', includeUncontrolled: true })
}

async function renew(): Promise<void> {
  const { me } = await ask<CurrentSession>('/session')
  if (!me) return
  const { public_key: key, devices } = await ask<PushState>('/me/push')
  if (!devices.some((device) => device.current)) return
  const body = JSON.stringify(described(await subscribe(self.registration, key), key))
  await ask('/me/push/device', { method: 'PUT', body, headers: { 'content-type': 'application/json', 'x-parley-csrf': me.csrf } })
}

async function ask<T>(path: string, options?: RequestInit): Promise<T> {
  const answer = await fetch(`/api/v1${path}`, options)
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`)
  return (await answer.json()) as T
}

/** Nothing of one member stays for the next. */
async function clear(): Promise<void> {
  for (const shown of await self.registration.getNotifications()) shown.close()
  await navigator.clearAppBadge?.()
  await (await self.registration.pushManager.getSubscription())?.unsubscribe()
}
