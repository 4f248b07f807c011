/** Pushes to my devices: whether this browser can take them, turning them on and off here, and trying them. */
import { queryOptions } from '@tanstack/react-query'
import { api } from '../lib/api'
import { setPush } from '../lib/notify'
import { queryClient } from '../lib/query'
import type { PushChoice, PushState, PushTest } from '../lib/types'
import { whenSaid } from './register'
import { described, subscribe } from './subscription'

/** After the service has taken a test, it is on the screen within a moment or not at all. */
const ARRIVES_WITHIN_MS = 10_000

export const pushQuery = queryOptions({
  queryKey: ['push'],
  queryFn: ({ signal }) => api.get<PushState>('/me/push', signal),
})

/** Why this browser takes no pushes as it is, if so. */
export type Hurdle = 'insecure' | 'add-to-home' | 'unsupported' | 'denied'

export function hurdle(): Hurdle | null {
  if (!isSecureContext) return 'insecure'
  if (!('serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window)) {
    return isApplePhone() ? 'add-to-home' : 'unsupported'
  }
  return Notification.permission === 'denied' ? 'denied' : null
}

/** An iPad says that it is a Mac, but Macs have no touch screens. */
function isApplePhone(): boolean {
  return /iPhone|iPad/.test(navigator.userAgent) || (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1)
}

/** Must be called from a click: browsers refuse to ask otherwise. False: the person said no. */
export async function turnOn(publicKey: string): Promise<boolean> {
  if ((await Notification.requestPermission()) !== 'granted') return false
  await subscribeHere(publicKey)
  setPush(true)
  return true
}

async function subscribeHere(publicKey: string): Promise<void> {
  const registration = await navigator.serviceWorker.ready
  // One that was made with another key stands in the way.
  await (await registration.pushManager.getSubscription())?.unsubscribe()
  const subscription = await subscribe(registration, publicKey)
  queryClient.setQueryData(pushQuery.queryKey, await api.put<PushState>('/me/push/device', described(subscription, publicKey)))
}

/** A device takes no more pushes: this one, or another of mine. */
export async function turnOff(device: PushState['devices'][number]): Promise<void> {
  await api.delete(`/me/push/devices/${device.id}`)
  if (device.current) await forgetHere()
  await queryClient.invalidateQueries({ queryKey: pushQuery.queryKey })
}

async function forgetHere(): Promise<void> {
  setPush(false)
  const registration = await navigator.serviceWorker.getRegistration()
  await (await registration?.pushManager.getSubscription())?.unsubscribe()
}

let choosing: Promise<unknown> = Promise.resolve()

/** One after the other, so that the last choice is the one that stands. */
export function choose(change: PushChoice): Promise<void> {
  const chosen = choosing.then(async () => {
    const stored = await api.put<PushState>('/me/push', change)
    queryClient.setQueryData(pushQuery.queryKey, stored)
  })
  choosing = chosen.catch(() => {})
  return chosen
}

/** What became of a push that was just asked for, in words. `onTaken` hears what the push service said. */
export async function test(device: PushState['devices'][number], onTaken: (words: string) => void): Promise<PushTest> {
  const arrived = device.current ? arrival() : undefined
  const answer = await api.post<PushTest>(`/me/push/devices/${device.id}/test`)
  void queryClient.invalidateQueries({ queryKey: pushQuery.queryKey })
  if (!answer.sent || !arrived) return answer
  onTaken(answer.words)
  if (await arrived) return { sent: true, words: `${answer.words} It has arrived on this device.` }
  return {
    sent: false,
    words: `${answer.words} It has not arrived here within ten seconds: the device may be saving power or be set not to disturb.`,
  }
}

function arrival(): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (came: boolean) => {
      stop()
      clearTimeout(timer)
      resolve(came)
    }
    const stop = whenSaid((said) => said.type === 'pushed' && said.kind === 'test' && end(true))
    const timer = setTimeout(() => end(false), ARRIVES_WITHIN_MS)
  })
}

/** At the start of a page: browser and server agree on whether, and how, this device is subscribed. */
export async function reconcile(): Promise<void> {
  const state = await queryClient.fetchQuery(pushQuery)
  const device = state.devices.find((each) => each.current)
  const registration = await navigator.serviceWorker.ready
  const known = await registration.pushManager.getSubscription()
  if (!device || Notification.permission !== 'granted') await forgetHere()
  else if (state.renew || !known) await subscribeHere(state.public_key)
}
