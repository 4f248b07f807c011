/** Files on their way into a message: checked against what the channel takes, then uploaded while one writes. */
import { messageOf } from '../../lib/api'
import { fileSize } from '../../lib/format'
import { toast } from '../../lib/toast'
import type { Capabilities, StoredFile } from '../../lib/types'
import { upload } from '../../lib/upload'
import { fitFile } from '../capabilities'
import { attachmentOf, getComposer, updateAttachment, updateComposer } from './composerState'

const MAX_FILES = 10

export function attach(conversationId: string, files: Iterable<File>, capabilities: Capabilities, channelName: string): void {
  for (const file of files) {
    const { attachments } = getComposer(conversationId)
    if (attachments.length >= MAX_FILES) {
      toast(`At most ${MAX_FILES} files at once.`)
      return
    }
    const mime = file.type || 'application/octet-stream'
    const fit = fitFile(mime, capabilities)
    if (!fit) {
      toast(`${channelName} does not take this kind of file: ${file.name}`)
      continue
    }
    if (file.size > fit.limit.max_bytes) {
      toast(`${file.name} has ${fileSize(file.size)}; ${channelName} takes at most ${fileSize(fit.limit.max_bytes)}.`)
      continue
    }
    start(conversationId, file, fit.kind)
  }
}

/** A file that the server has already, as of a canned reply. */
export function attachStored(conversationId: string, stored: StoredFile, capabilities: Capabilities, channelName: string): void {
  const { attachments } = getComposer(conversationId)
  const fit = fitFile(stored.mime, capabilities)
  if (!fit || stored.bytes > fit.limit.max_bytes) {
    toast(`${channelName} does not take this file: ${stored.name}`)
    return
  }
  if (attachments.some((each) => each.stored?.file_id === stored.file_id)) return
  updateComposer(conversationId, { attachments: [...attachments, attachmentOf(stored, fit.kind)] })
}

function start(conversationId: string, file: File, kind: Parameters<typeof updateAttachment>[2]['kind'] & string): void {
  const id = crypto.randomUUID()
  const { done, cancel } = upload(file, (progress) => updateAttachment(conversationId, id, { progress }))
  const { attachments } = getComposer(conversationId)
  updateComposer(conversationId, {
    attachments: [...attachments, { id, name: file.name, bytes: file.size, file, kind, progress: 0, stored: null, error: null, cancel }],
  })
  done.then(
    (stored) => updateAttachment(conversationId, id, { stored, progress: 1 }),
    (error: unknown) => updateAttachment(conversationId, id, { error: messageOf(error) }),
  )
}
