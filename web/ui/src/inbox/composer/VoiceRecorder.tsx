import { Button } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { messageOf } from '../../lib/api'
import { duration } from '../../lib/format'
import type { Content, OutgoingContent, StoredFile } from '../../lib/types'
import { upload } from '../../lib/upload'
import { IconMicrophone, IconPlayerStopFilled, IconSend2, IconX } from '../../ui/icons'
import { AudioPlayer } from '../thread/AudioPlayer'
import { LONGEST_SECONDS, record, type Recording } from './recording'
import s from './voice.module.css'

const BARS = 48
const EVERY_MS = 100

interface VoiceRecorderProps {
  /** the largest file that the channel takes as a voice note */
  maxBytes: number
  onSend: (content: OutgoingContent, shown: Content) => void
  onClose: () => void
}

type State =
  | { at: 'asking' | 'recording' | 'uploading' }
  | { at: 'ready'; stored: StoredFile; seconds: number }
  | { at: 'failed'; problem: string }

/** Record, listen, send: in place of the toolbar, so that the words one has begun stay where they are. */
export default function VoiceRecorder({ maxBytes, onSend, onClose }: VoiceRecorderProps) {
  const [state, setState] = useState<State>({ at: 'asking' })
  const [levels, setLevels] = useState<number[]>([])
  const [seconds, setSeconds] = useState(0)
  const recording = useRef<Recording | null>(null)
  const stop = useRef<HTMLButtonElement>(null)

  useEffect(() => {
    let gone = false
    record().then(
      (started) => {
        if (gone) return started.cancel()
        recording.current = started
        setState({ at: 'recording' })
      },
      (error: unknown) => !gone && setState({ at: 'failed', problem: messageOf(error) }),
    )
    return () => {
      gone = true
      recording.current?.cancel()
    }
  }, [])

  useEffect(() => {
    if (state.at !== 'recording') return
    stop.current?.focus()
    const startedAt = performance.now()
    const timer = setInterval(() => {
      const running = (performance.now() - startedAt) / 1000
      setSeconds(running)
      setLevels((before) => [...before.slice(1 - BARS), recording.current?.level() ?? 0])
      if (running >= LONGEST_SECONDS) void finish(false)
    }, EVERY_MS)
    return () => clearInterval(timer)
  }, [state.at])

  async function finish(sendAtOnce: boolean) {
    const running = recording.current
    if (!running) return
    recording.current = null
    setState({ at: 'uploading' })
    try {
      const { file, seconds: length } = await running.stop()
      if (file.size > maxBytes) throw new Error('The recording is longer than this channel takes.')
      const stored = await upload(file, () => {}).done
      if (sendAtOnce) send(stored, length)
      else setState({ at: 'ready', stored, seconds: length })
    } catch (error) {
      setState({ at: 'failed', problem: messageOf(error) })
    }
  }

  function send(stored: StoredFile, length: number) {
    const duration_seconds = Math.round(length * 10) / 10
    const { file_id, name, mime, bytes, url } = stored
    onSend(
      { type: 'media', media: { file_id, kind: 'voice', name, duration_seconds }, caption: null },
      { type: 'media', media: { kind: 'voice', state: 'ready', file_id, url, thumb_url: null, name, mime, bytes, duration_seconds }, caption: null },
    )
    onClose()
  }

  return (
    <div
      className={s.bar}
      role="group"
      aria-label="Voice message"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.stopPropagation()
        onClose()
      }}
    >
      <button type="button" className={s.icon} aria-label="Discard the recording" onClick={onClose}>
        <IconX size={16} />
      </button>
      {state.at === 'ready' ? (
        <>
          <AudioPlayer url={state.stored.url} seconds={state.seconds} label="Your recording" />
          <span className={s.space} />
          <Button size="compact-md" rightSection={<IconSend2 size={16} />} onClick={() => send(state.stored, state.seconds)}>
            Send recording
          </Button>
        </>
      ) : (
        <>
          <span className={s.dot} data-on={state.at === 'recording' || undefined} aria-hidden>
            <IconMicrophone size={16} />
          </span>
          <span role="status" className={s.status}>
            {state.at === 'asking' && 'Waiting for the microphone…'}
            {state.at === 'uploading' && 'One moment…'}
            {state.at === 'failed' && state.problem}
          </span>
          {state.at === 'recording' && (
            <>
              <time className={s.time}>{duration(Math.floor(seconds))}</time>
              <span className={s.wave} aria-hidden>
                {levels.map((level, index) => (
                  <i key={index} style={{ height: `${Math.max(8, Math.min(100, level * 140))}%` }} />
                ))}
              </span>
              <button ref={stop} type="button" className={s.icon} aria-label="Stop and listen" onClick={() => void finish(false)}>
                <IconPlayerStopFilled size={16} />
              </button>
              <Button size="compact-md" rightSection={<IconSend2 size={16} />} onClick={() => void finish(true)}>
                Send recording
              </Button>
            </>
          )}
        </>
      )}
    </div>
  )
}
