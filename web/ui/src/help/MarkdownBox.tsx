import { ActionIcon, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useId, useRef, useState, type ClipboardEvent, type DragEvent } from 'react'
import { api } from '../lib/api'
import { toastError } from '../lib/toast'
import { upload } from '../lib/upload'
import { useSettled } from '../ui/SearchBox'
import { IconBold, IconHeading, IconLink, IconList, IconPhoto } from '../ui/icons'
import s from './help.module.css'

interface MarkdownBoxProps {
  value: string
  language: string
  error: string | undefined
  onChange: (text: string) => void
}

/** Where an article is written, and beside it how it will be read. */
export function MarkdownBox({ value, language, error, onChange }: MarkdownBoxProps) {
  const id = useId()
  const box = useRef<HTMLTextAreaElement>(null)
  const [uploading, setUploading] = useState(0)
  const settled = useSettled(value)
  const { data } = useQuery({
    queryKey: ['article-preview', settled],
    queryFn: () => api.post<{ html: string }>('/articles/preview', { body: settled }),
    placeholderData: (previous) => previous,
    gcTime: 10_000,
  })

  /** Puts this around what is selected. */
  function wrap(before: string, after = '', placeholder = '') {
    const element = box.current
    if (!element) return
    const { selectionStart: from, selectionEnd: to } = element
    const inside = element.value.slice(from, to) || placeholder
    onChange(element.value.slice(0, from) + before + inside + after + element.value.slice(to))
    requestAnimationFrame(() => {
      element.focus()
      element.setSelectionRange(from + before.length, from + before.length + inside.length)
    })
  }

  /** Puts this before each of the lines that are selected. */
  function begin(mark: string) {
    const element = box.current
    if (!element) return
    const from = element.value.lastIndexOf('\n', element.selectionStart - 1) + 1
    const to = Math.max(element.selectionEnd, from)
    const lines = element.value.slice(from, to).split('\n').map((line) => mark + line)
    onChange(element.value.slice(0, from) + lines.join('\n') + element.value.slice(to))
    requestAnimationFrame(() => element.focus())
  }

  function addPictures(list: Iterable<File>) {
    for (const file of [...list].filter((each) => each.type.startsWith('image/'))) {
      setUploading((count) => count + 1)
      upload(file, () => {})
        .done.then((stored) => wrap(`![${stored.name.replace(/\.[^.]*$/, '').replace(/[[\]]/g, '')}](/files/${stored.file_id})`))
        .catch((reason: unknown) => toastError(`${file.name} was not added`, reason))
        .finally(() => setUploading((count) => count - 1))
    }
  }

  function take(event: ClipboardEvent | DragEvent, files: FileList) {
    if (files.length === 0) return
    event.preventDefault()
    addPictures(files)
  }

  const tools = [
    { label: 'Heading', icon: IconHeading, run: () => begin('## ') },
    { label: 'Bold', icon: IconBold, run: () => wrap('**', '**', 'bold') },
    { label: 'List', icon: IconList, run: () => begin('- ') },
    { label: 'Link', icon: IconLink, run: () => wrap('[', '](https://)', 'words') },
  ]
  return (
    <div className={s.writing}>
      <div className={s.source}>
        <div className={s.sourceHead}>
          <label htmlFor={id}>Text</label>
          {tools.map(({ label, icon: Icon, run }) => (
            <Tooltip key={label} label={label}>
              <ActionIcon size="sm" aria-label={label} onClick={run}>
                <Icon size={16} />
              </ActionIcon>
            </Tooltip>
          ))}
          <Tooltip label="Picture">
            <ActionIcon size="sm" component="label" loading={uploading > 0}>
              <IconPhoto size={16} aria-hidden />
              <input
                type="file"
                accept="image/*"
                multiple
                className="visually-hidden"
                aria-label="Picture"
                onChange={(event) => {
                  addPictures(event.currentTarget.files ?? [])
                  event.currentTarget.value = ''
                }}
              />
            </ActionIcon>
          </Tooltip>
        </div>
        <textarea
          id={id}
          ref={box}
          value={value}
          lang={language}
          dir="auto"
          maxLength={50_000}
          placeholder="Write in Markdown: ## for a heading, **bold**, - for a list. Pictures can be pasted or dropped."
          aria-invalid={error ? true : undefined}
          aria-describedby={error ? `${id}-error` : undefined}
          onChange={(event) => onChange(event.currentTarget.value)}
          onPaste={(event) => take(event, event.clipboardData.files)}
          onDrop={(event) => take(event, event.dataTransfer.files)}
        />
        {error && (
          <p id={`${id}-error`} className={s.wrong}>
            {error}
          </p>
        )}
      </div>
      {/* Made harmless by the server. */}
      <div
        className={s.reading}
        lang={language}
        dir="auto"
        role="region"
        aria-label="How it will be read"
        tabIndex={0}
        dangerouslySetInnerHTML={{ __html: data?.html || '<p class="faint">How it will be read</p>' }}
      />
    </div>
  )
}
