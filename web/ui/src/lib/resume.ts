/** The rules of staying in step with the server's event stream; no sockets here, so that they can be tested. */

const BACKOFF_FIRST_MS = 500
const BACKOFF_MAX_MS = 10_000
const RESTART_MAX_MS = 2_000

export const CLOSE_SIGNED_OUT = 4401
export const CLOSE_WRONG_ORIGIN = 4403
const CLOSE_TOO_SLOW = 4408
const CLOSE_GOING_AWAY = 1001
const CLOSE_RESTART = 1012

/** Where one stands in the stream: the server's epoch and the last number applied. */
export class Position {
  private epoch: string | null = null
  private number = 0

  cursor(): string | null {
    return this.epoch === null ? null : `${this.epoch}:${this.number}`
  }

  /** Take over the server's position; events that were sent before it are not asked for again. */
  welcome(cursor: string, resumed: boolean): void {
    const split = cursor.lastIndexOf(':')
    const epoch = cursor.slice(0, split)
    const number = Number(cursor.slice(split + 1))
    if (!resumed || epoch !== this.epoch) {
      this.epoch = epoch
      this.number = number
    }
  }

  /** True when the event is new; a resumed stream may repeat what was already applied. */
  accept(number: number): boolean {
    if (number <= this.number) return false
    this.number = number
    return true
  }
}

/** Milliseconds until the next attempt: full jitter, so that a thousand tabs do not return in one instant; null means stay away. */
export function reconnectDelay(closeCode: number, attempt: number, random: () => number = Math.random): number | null {
  if (closeCode === CLOSE_SIGNED_OUT || closeCode === CLOSE_WRONG_ORIGIN) return null
  if (closeCode === CLOSE_RESTART || closeCode === CLOSE_GOING_AWAY || closeCode === CLOSE_TOO_SLOW) {
    if (attempt < 3) return random() * RESTART_MAX_MS
  }
  return random() * Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(attempt, 10))
}
