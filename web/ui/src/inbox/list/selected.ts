/** Rows chosen for a bulk action: by X, Shift-J and K, Cmd-A, or all that the list holds on the server. */
import { Cell } from '../../lib/store'
import { active } from '../selection'
import { currentList } from './lists'

export interface Selected {
  ids: ReadonlySet<string>
  /** everything that the list holds, loaded or not */
  all: boolean
}

const NOTHING: Selected = { ids: new Set(), all: false }

export const selected = new Cell<Selected>(NOTHING)

export function clearSelected(): void {
  selected.set(NOTHING)
}

export function toggleSelected(id: string): void {
  const ids = new Set(selected.get().ids)
  if (!ids.delete(id)) ids.add(id)
  selected.set({ ids, all: false })
}

export function select(ids: string[]): void {
  selected.set({ ids: new Set([...selected.get().ids, ...ids]), all: false })
}

/** All rows that are loaded; the bar then offers the rest. */
export function selectLoaded(): void {
  selected.set({ ids: new Set(currentList().ids), all: false })
}

export function selectAll(): void {
  selected.set({ ids: new Set(currentList().ids), all: true })
}

/** X: the open conversation in or out. */
export function toggleActive(): void {
  const id = active.get()
  if (id) toggleSelected(id)
}
