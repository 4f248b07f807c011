/** Small external stores: state outside React, so that one change redraws only those who read it. */
import { useSyncExternalStore } from 'react'

type Listener = () => void

export class Emitter {
  private listeners = new Set<Listener>()

  subscribe = (listener: Listener): (() => void) => {
    this.listeners.add(listener)
    return () => {
      this.listeners.delete(listener)
    }
  }

  emit(): void {
    for (const listener of this.listeners) listener()
  }
}

/** One value that can be read anywhere and watched from components with `useCell`. */
export class Cell<T> extends Emitter {
  private current: T

  constructor(initial: T) {
    super()
    this.current = initial
  }

  get = (): T => this.current

  set(next: T): void {
    if (Object.is(next, this.current)) return
    this.current = next
    this.emit()
  }

  update(change: (current: T) => T): void {
    this.set(change(this.current))
  }
}

export function useCell<T>(cell: Cell<T>): T {
  return useSyncExternalStore(cell.subscribe, cell.get)
}
