/** Sound from the microphone: levels to draw while it runs, and a file when it is done. */

/** What browsers record; the server wraps WebM anew for channels that do not take it. */
const FORMATS: [type: string, suffix: string][] = [
  ['audio/ogg;codecs=opus', 'ogg'],
  ['audio/webm;codecs=opus', 'webm'],
  ['audio/mp4', 'm4a'],
]
const BITS_PER_SECOND = 32_000
export const LONGEST_SECONDS = 300

export interface Recording {
  /** 0 to 1, how loud it is now */
  level(): number
  /** the file, and its length in seconds */
  stop(): Promise<{ file: File; seconds: number }>
  cancel(): void
}

/** Asks for the microphone; rejects with words for the agent. */
export async function record(): Promise<Recording> {
  let stream: MediaStream
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true } })
  } catch (error) {
    const refused = error instanceof DOMException && error.name === 'NotAllowedError'
    throw new Error(refused ? 'The browser does not let this page use the microphone.' : 'No microphone was found.')
  }
  const format = FORMATS.find(([type]) => MediaRecorder.isTypeSupported(type)) ?? (['', 'webm'] as const)
  const recorder = new MediaRecorder(stream, { ...(format[0] && { mimeType: format[0] }), audioBitsPerSecond: BITS_PER_SECOND })
  const parts: Blob[] = []
  recorder.ondataavailable = (event) => parts.push(event.data)
  const context = new AudioContext()
  const analyser = context.createAnalyser()
  analyser.fftSize = 512
  context.createMediaStreamSource(stream).connect(analyser)
  const samples = new Uint8Array(analyser.fftSize)
  const startedAt = performance.now()
  recorder.start()

  function release() {
    for (const track of stream.getTracks()) track.stop()
    void context.close()
  }

  return {
    level() {
      analyser.getByteTimeDomainData(samples)
      let loudest = 0
      for (const sample of samples) loudest = Math.max(loudest, Math.abs(sample - 128))
      return loudest / 128
    },
    stop: () =>
      new Promise((resolve) => {
        const seconds = (performance.now() - startedAt) / 1000
        recorder.onstop = () => {
          release()
          const type = recorder.mimeType.split(';')[0] ?? 'audio/webm'
          resolve({ file: new File(parts, `voice.${format[1]}`, { type }), seconds })
        }
        recorder.stop()
      }),
    cancel() {
      recorder.onstop = null
      if (recorder.state !== 'inactive') recorder.stop()
      release()
    },
  }
}
