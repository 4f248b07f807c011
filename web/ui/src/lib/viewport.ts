/**
 * Keeps the composer above an on-screen keyboard. Browsers that shrink the page for it need nothing (index.html asks for
 * that); an iPhone lays the keyboard over the page, and tells only by its visual viewport.
 */

/** Less than this is a bar of the browser and no keyboard. */
const KEYBOARD_PX = 100

export function watchKeyboard(): void {
  const seen = window.visualViewport
  if (!seen) return
  const { style } = document.documentElement
  seen.addEventListener('resize', () => {
    // Whoever has zoomed in wants to see a part, not a smaller whole.
    const covered = seen.scale === 1 ? innerHeight - seen.height : 0
    if (covered > KEYBOARD_PX) {
      style.setProperty('--seen-height', `${seen.height}px`)
      scrollTo(0, 0)
    } else {
      style.removeProperty('--seen-height')
    }
  })
}
