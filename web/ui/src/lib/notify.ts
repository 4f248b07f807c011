/** Sound and desktop notifications for messages that somebody should look at. */
import { Cell } from './store'

const SOUND_KEY = 'parley.sound'
const DESKTOP_KEY = 'parley.desktop'
const PUSH_KEY = 'parley.push'
const QUIET_BETWEEN_MS = 1500

export const soundOn = new Cell(localStorage.getItem(SOUND_KEY) !== 'off')
export const desktopOn = new Cell(localStorage.getItem(DESKTOP_KEY) === 'on' && 'Notification' in window)

/** Pushes come to this browser: they take the place of what the page itself would show. */
export const pushOn = new Cell(localStorage.getItem(PUSH_KEY) === 'on')

let audio: AudioContext | null = null
let lastSoundAt = 0

export function setSound(on: boolean): void {
  localStorage.setItem(SOUND_KEY, on ? 'on' : 'off')
  soundOn.set(on)
  if (on) playChime()
}

/** Must be called from a click: browsers refuse to ask otherwise, and people refuse when asked unprompted. */
export async function setDesktop(on: boolean): Promise<'granted' | 'denied' | 'off'> {
  let result: 'granted' | 'denied' | 'off' = 'off'
  if (on) result = 'Notification' in window && (await Notification.requestPermission()) === 'granted' ? 'granted' : 'denied'
  desktopOn.set(result === 'granted')
  localStorage.setItem(DESKTOP_KEY, result === 'granted' ? 'on' : 'off')
  return result
}

export function setPush(on: boolean): void {
  localStorage.setItem(PUSH_KEY, on ? 'on' : 'off')
  pushOn.set(on)
}

export function announce(title: string, body: string, tag: string, onClick: () => void): void {
  if (soundOn.get()) playChime()
  if (pushOn.get() || !desktopOn.get() || Notification.permission !== 'granted' || document.hasFocus()) return
  const notification = new Notification(title, { body, tag, icon: '/favicon.svg', silent: true })
  notification.onclick = () => {
    window.focus()
    onClick()
    notification.close()
  }
}

/** Two soft tones, made here: no file to load, and a burst of messages sounds once. */
function playChime(): void {
  const now = Date.now()
  if (now - lastSoundAt < QUIET_BETWEEN_MS || !navigator.userActivation.hasBeenActive) return
  lastSoundAt = now
  audio ??= new AudioContext()
  const context = audio
  const start = context.currentTime + 0.02
  for (const [index, frequency] of [659.25, 987.77].entries()) {
    const oscillator = context.createOscillator()
    const gain = context.createGain()
    const at = start + index * 0.11
    oscillator.frequency.value = frequency
    gain.gain.setValueAtTime(0, at)
    gain.gain.linearRampToValueAtTime(0.07, at + 0.015)
    gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.28)
    oscillator.connect(gain).connect(context.destination)
    oscillator.start(at)
    oscillator.stop(at + 0.3)
  }
}
