import { notifications } from '@mantine/notifications'
import { messageOf } from './api'

export function toast(message: string): void {
  notifications.show({ message, autoClose: 3500, withBorder: true })
}

/** Say what did not work, and why. */
export function toastError(what: string, error: unknown): void {
  toastRefusal(what, messageOf(error))
}

export function toastRefusal(what: string, why: string): void {
  notifications.show({ color: 'red', title: what, message: why, autoClose: 7000, withBorder: true })
}
