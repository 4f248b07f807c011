import { useState } from 'react'
import { messageOf } from '../../lib/api'
import { upload } from '../../lib/upload'
import s from './templates.module.css'

const ACCEPT: Record<string, string> = {
  image: 'image/jpeg,image/png',
  video: 'video/mp4,video/3gpp',
  document: '.pdf,.doc,.docx,.xls,.xlsx,.ppt,.pptx,.txt',
}

interface TemplateFileProps {
  /** image, video or document */
  kind: string
  label: string
  error?: string | undefined
  /** the id of the stored file; empty while there is none */
  onChange: (fileId: string) => void
}

/** A file that a template shows above its text, uploaded as soon as it is chosen. */
export function TemplateFile({ kind, label, error, onChange }: TemplateFileProps) {
  const [state, setState] = useState<'' | 'Uploading…' | 'Ready'>('')
  const [problem, setProblem] = useState('')

  function choose(file: File | undefined) {
    if (!file) return
    setState('Uploading…')
    setProblem('')
    onChange('')
    upload(file, () => {}).done.then(
      (stored) => {
        setState('Ready')
        onChange(stored.file_id)
      },
      (reason: unknown) => {
        setState('')
        setProblem(messageOf(reason))
      },
    )
  }
  return (
    <label className={s.file}>
      <span>{label}</span>
      <input type="file" accept={ACCEPT[kind]} aria-invalid={Boolean(error || problem)} onChange={(event) => choose(event.currentTarget.files?.[0])} />
      <small role="status">{problem || error || state}</small>
    </label>
  )
}
