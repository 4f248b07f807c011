import { Cell } from '../../lib/store'

export const lightbox = new Cell<{ url: string; label: string } | null>(null)

export function showLightbox(url: string, label: string): void {
  lightbox.set({ url, label })
}
