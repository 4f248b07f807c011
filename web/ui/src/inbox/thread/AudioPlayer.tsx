import { useRef, useState } from 'react'
import { duration } from '../../lib/format'
import { IconPlayerPauseFilled, IconPlayerPlayFilled } from '../../ui/icons'
import s from './thread.module.css'

const SPEEDS = [1, 1.5, 2]

let playing: HTMLAudioElement | null = null

export function AudioPlayer({ url, seconds, label }: { url: string; seconds: number | null; label: string }) {
  const audio = useRef<HTMLAudioElement>(null)
  const [on, setOn] = useState(false)
  const [at, setAt] = useState(0)
  const [length, setLength] = useState(seconds ?? 0)
  const [speed, setSpeed] = useState(1)
  const [broken, setBroken] = useState(false)

  function toggle() {
    const element = audio.current
    if (!element) return
    if (on) {
      element.pause()
      return
    }
    if (playing !== element) playing?.pause()
    playing = element
    element.playbackRate = speed
    element.play().catch(() => setBroken(true))
  }

  function nextSpeed() {
    const next = SPEEDS[(SPEEDS.indexOf(speed) + 1) % SPEEDS.length] ?? 1
    setSpeed(next)
    if (audio.current) audio.current.playbackRate = next
  }

  return (
    <div className={s.audio} role="group" aria-label={label}>
      <button type="button" className={s.play} aria-label={on ? 'Pause' : 'Play'} onClick={toggle}>
        {on ? <IconPlayerPauseFilled size={16} /> : <IconPlayerPlayFilled size={16} />}
      </button>
      <input
        type="range"
        min={0}
        max={length || 1}
        step={0.1}
        value={Math.min(at, length || 1)}
        aria-label="Position"
        aria-valuetext={`${duration(at)} of ${duration(length)}`}
        onChange={(event) => {
          if (audio.current) audio.current.currentTime = event.currentTarget.valueAsNumber
          setAt(event.currentTarget.valueAsNumber)
        }}
      />
      <span className={s.audioTime}>{broken ? 'cannot play' : at > 0 ? duration(at) : length > 0 ? duration(length) : ''}</span>
      <button type="button" className={s.speed} aria-label={`Speed ${speed}×`} onClick={nextSpeed}>
        {speed}×
      </button>
      <audio
        ref={audio}
        src={url}
        preload="none"
        onPlay={() => setOn(true)}
        onPause={() => setOn(false)}
        onEnded={() => setAt(0)}
        onTimeUpdate={(event) => setAt(event.currentTarget.currentTime)}
        onLoadedMetadata={(event) => {
          // A stream recorded by a browser has no length until it was read to its end.
          if (Number.isFinite(event.currentTarget.duration)) setLength(event.currentTarget.duration)
        }}
      />
    </div>
  )
}
