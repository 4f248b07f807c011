import { ActionIcon, Button, NativeSelect, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { ApiError, api, messageOf } from '../../lib/api'
import { fileSize } from '../../lib/format'
import { useCan } from '../../lib/session'
import { toast, toastError } from '../../lib/toast'
import type { CannedReply, CannedVariant, Channel, StoredFile } from '../../lib/types'
import { upload } from '../../lib/upload'
import { CHANNEL_ORDER, channelLabel } from '../../ui/ChannelIcon'
import { IconFile, IconPaperclip, IconPlus, IconTrash, IconX } from '../../ui/icons'
import { Problem } from '../parts/ConfirmDialog'
import { Dialog } from '../parts/Dialog'
import p from '../parts/parts.module.css'
import { VariableText } from './VariableText'
import s from './canned.module.css'

const EMPTY: CannedVariant = { text: '', language: null, channel: null }

export function CannedDialog({ reply, onClose }: { reply: CannedReply | null; onClose: () => void }) {
  const client = useQueryClient()
  const manages = useCan('inbox.manage')
  const [shortcut, setShortcut] = useState(reply?.shortcut ?? '')
  const [title, setTitle] = useState(reply?.title ?? '')
  const [shared, setShared] = useState(reply?.shared ?? manages)
  const [variants, setVariants] = useState<CannedVariant[]>(reply?.variants ?? [EMPTY])
  const [files, setFiles] = useState<StoredFile[]>(reply?.files ?? [])
  const [uploading, setUploading] = useState(0)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const at = (field: string) => (error instanceof ApiError ? error.field(field) : undefined)

  function changeVariant(index: number, change: Partial<CannedVariant>) {
    setVariants((known) => known.map((each, i) => (i === index ? { ...each, ...change } : each)))
  }

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setError(null)
    const body = { shortcut, title, shared, variants, file_ids: files.map((file) => file.file_id) }
    try {
      const kept = reply
        ? await api.patch<CannedReply>(`/canned-replies/${reply.id}`, { ...body, revision: reply.revision })
        : await api.post<CannedReply>('/canned-replies', body)
      void client.invalidateQueries({ queryKey: ['canned'] })
      toast(`/${kept.shortcut} was saved.`)
      onClose()
    } catch (reason) {
      setError(reason)
      setBusy(false)
    }
  }

  function addFiles(list: File[]) {
    for (const file of list) {
      setUploading((count) => count + 1)
      upload(file, () => {})
        .done.then((stored) => setFiles((known) => [...known, stored]))
        .catch((reason: unknown) => toastError(`${file.name} was not attached`, reason))
        .finally(() => setUploading((count) => count - 1))
    }
  }

  return (
    <Dialog onClose={onClose} title={reply ? `Edit /${reply.shortcut}` : 'New canned reply'} size={700} closeOnClickOutside={false}>
      <form className={p.dialog} onSubmit={(event) => void submit(event)}>
        <div className={s.pair}>
          <TextInput
            label="Shortcut"
            leftSection="/"
            placeholder="refund"
            value={shortcut}
            onChange={(event) => setShortcut(event.currentTarget.value)}
            error={at('shortcut')}
            maxLength={41}
            autoComplete="off"
            spellCheck={false}
            required
            withAsterisk={false}
            data-autofocus
          />
          <TextInput
            label="Title"
            placeholder="How refunds work"
            value={title}
            onChange={(event) => setTitle(event.currentTarget.value)}
            maxLength={200}
            autoComplete="off"
          />
        </div>
        {manages && (
          <NativeSelect
            label="Who may use it"
            value={shared ? 'everyone' : 'me'}
            onChange={(event) => setShared(event.currentTarget.value === 'everyone')}
            data={[
              { value: 'everyone', label: 'Everyone' },
              { value: 'me', label: 'Only me' },
            ]}
            className={s.scope ?? ''}
          />
        )}
        {variants.map((variant, index) => (
          <fieldset key={index} className={s.variant}>
            <legend>{index === 0 ? 'Text for all languages and channels' : 'Instead of it, for'}</legend>
            {index > 0 && (
              <div className={s.variantFor}>
                <TextInput
                  aria-label="Language"
                  placeholder="Any language (fr, pt-br)"
                  value={variant.language ?? ''}
                  onChange={(event) => changeVariant(index, { language: event.currentTarget.value || null })}
                  error={at(`variants.${index}.language`)}
                  maxLength={20}
                />
                <NativeSelect
                  aria-label="Channel"
                  value={variant.channel ?? ''}
                  onChange={(event) => changeVariant(index, { channel: (event.currentTarget.value || null) as Channel | null })}
                  data={[{ value: '', label: 'Any channel' }, ...CHANNEL_ORDER.map((value) => ({ value, label: channelLabel(value) }))]}
                />
                <ActionIcon aria-label="Remove this variant" onClick={() => setVariants((known) => known.filter((_, i) => i !== index))}>
                  <IconTrash size={16} />
                </ActionIcon>
              </div>
            )}
            <VariableText
              label={index === 0 ? 'Text' : `Text of variant ${index}`}
              value={variant.text}
              onChange={(text) => changeVariant(index, { text })}
              error={at(`variants.${index}.text`) ?? at(`variants.${index}`)}
            />
          </fieldset>
        ))}
        {files.length > 0 && (
          <ul className={s.files} aria-label="Files">
            {files.map((file) => (
              <li key={file.file_id}>
                <IconFile size={16} aria-hidden />
                <span>{file.name}</span>
                <small>{fileSize(file.bytes)}</small>
                <button
                  type="button"
                  aria-label={`Remove ${file.name}`}
                  onClick={() => setFiles((known) => known.filter((each) => each.file_id !== file.file_id))}
                >
                  <IconX size={14} />
                </button>
              </li>
            ))}
          </ul>
        )}
        <div className={s.adders}>
          <Button
            variant="default"
            size="compact-sm"
            leftSection={<IconPlus size={15} />}
            onClick={() => setVariants((known) => [...known, EMPTY])}
          >
            Another language or channel
          </Button>
          <Button variant="default" size="compact-sm" component="label" leftSection={<IconPaperclip size={15} />} loading={uploading > 0}>
            Attach files
            <input
              type="file"
              multiple
              className="visually-hidden"
              aria-label="Attach files"
              onChange={(event) => {
                addFiles([...(event.currentTarget.files ?? [])])
                event.currentTarget.value = ''
              }}
            />
          </Button>
        </div>
        <Problem text={error && !(error instanceof ApiError && error.fields.length > 0) ? messageOf(error) : ''} />
        <div className={p.dialogFoot}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={!shortcut.trim() || uploading > 0}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
