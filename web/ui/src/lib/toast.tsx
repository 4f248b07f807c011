import { notifications } from '@mantine/notifications'
import { messageOf } from './api'

export function toast(message: string): void {
  notifications.show({ message, autoClose: 3500, withBorder: true })
}

/** Say what did not work, and why. */
export function toastError(what: string, error: unknown): void {
  notifications.show({ color: 'red', title: what, message: messageOf(error), autoClose: 7000, withBorder: true })
}
