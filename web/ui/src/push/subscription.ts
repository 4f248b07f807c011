/** A browser's subscription, made and described the same way by the page and by the service worker. */
import type { PushDevice } from '../lib/types'

export function subscribe(registration: ServiceWorkerRegistration, publicKey: string): Promise<PushSubscription> {
  return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: publicKey })
}

/** As the server wants it. */
export function described(subscription: PushSubscription, publicKey: string): PushDevice {
  const { keys } = subscription.toJSON()
  return { endpoint: subscription.endpoint, p256dh: keys?.p256dh ?? '', auth: keys?.auth ?? '', public_key: publicKey }
}
